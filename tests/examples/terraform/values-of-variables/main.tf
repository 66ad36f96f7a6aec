variable "bucket" {
  type    = string
  default = "overwritten"
}

variable "prefix" {
  type    = string
  default = "Veeam"
}

variable "region" {
  type = string
}

variable "account" {
  type = string
}

variable "off" {
  type    = bool
  default = false
}

resource "aws_iam_policy" "veeam" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.bucket}/${var.prefix}/*" },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:${var.region}:${var.account}:jobs" },
    ]
  })
}

resource "aws_iam_policy" "left_out" {
  count  = var.off ? 1 : 0
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "s3:*", Resource = "*" }] })
}
