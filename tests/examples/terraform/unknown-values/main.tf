variable "policy" {
  type = string
}

variable "statements" {
  type = any
}

variable "bucket" {
  type = string
}

resource "aws_iam_policy" "whole" {
  policy = var.policy
}

resource "aws_iam_policy" "statements" {
  policy = jsonencode({ Version = "2012-10-17", Statement = var.statements })
}

resource "aws_iam_policy" "parts" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:${var.bucket}"]
        Resource = ["arn:${data.aws_partition.current.partition}:s3:::${var.bucket}/*", chomp(var.bucket), try(local.missing.arn, "*")]
      },
      {
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = "arn:aws:s3:::acme-veeam"
        Condition = {
          StringEquals = { "aws:RequestedRegion" = data.aws_region.current.name }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "either" {
  policy = var.bucket == "acme" ? jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }]
    }) : jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "*" }]
  })
}

data "aws_partition" "current" {}

data "aws_region" "current" {}
