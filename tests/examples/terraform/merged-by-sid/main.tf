data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::base"]
  }

  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::base/*"]
  }

  statement {
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "stricter" {
  version = "2008-10-17"

  statement {
    sid       = "Objects"
    effect    = "Deny"
    actions   = ["s3:DeleteObject"]
    resources = ["arn:aws:s3:::base/*"]
  }

  statement {
    sid       = "Extra"
    actions   = ["s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::base"]
  }
}

data "aws_iam_policy_document" "merged" {
  source_policy_documents = [
    data.aws_iam_policy_document.base.json,
    jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "Encoded", Effect = "Allow", Action = "s3:PutObject", Resource = "*" }] }),
  ]
  override_policy_documents = [data.aws_iam_policy_document.stricter.json]

  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = ["arn:aws:s3:::own"]
  }
}

data "aws_iam_policy_document" "unknown" {
  source_policy_documents   = [var.base]
  override_policy_documents = var.overrides

  statement {
    sid       = "Named"
    actions   = ["s3:ListBucket"]
    resources = ["*"]
  }

  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}

variable "base" {
  type = string
}

variable "overrides" {
  type = list(string)
}

resource "aws_iam_policy" "merged" {
  policy = data.aws_iam_policy_document.merged.json
}

resource "aws_iam_policy" "unknown" {
  policy = data.aws_iam_policy_document.unknown.json
}
