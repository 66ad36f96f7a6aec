locals {
  bucket = "acme-test"
}

resource "aws_iam_policy" "veeam" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "s3:ListBucket", Resource = "arn:aws:s3:::${local.bucket}" }]
  })
}

data "aws_iam_policy_document" "alone" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["*"]
  }
}
