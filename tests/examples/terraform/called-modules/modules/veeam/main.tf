variable "bucket" {
  type = string
}

variable "role" {
  type = string
}

variable "prefix" {
  type    = string
  default = "Veeam"
}

resource "aws_iam_policy" "bucket" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:aws:s3:::${var.bucket}" },
      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.bucket}/${var.prefix}/*" },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "bucket" {
  role       = var.role
  policy_arn = aws_iam_policy.bucket.arn
}

data "aws_iam_policy_document" "objects" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${var.bucket}/*"]
  }
}

output "objects" {
  value = data.aws_iam_policy_document.objects.json
}
