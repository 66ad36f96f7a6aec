# data.aws_iam_policy_document.alone.json is not used: this is a comment
data "aws_iam_policy_document" "alone" {
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "alone_too" {
  count = 1

  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "of_bucket" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "shown" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "base" {
  statement {
    actions   = ["s3:PutObject"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "combined" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
}

resource "aws_s3_bucket_policy" "repository" {
  bucket = "acme-veeam"
  policy = data.aws_iam_policy_document.of_bucket.json
}

output "shown" {
  value = data.aws_iam_policy_document.shown.json
}
