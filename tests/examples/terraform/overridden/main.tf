locals {
  bucket = "acme-veeam"
}

resource "aws_iam_policy" "veeam" {
  name   = "veeam"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListBucket", Resource = "*" }] })
}

data "aws_iam_policy_document" "alone" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}
