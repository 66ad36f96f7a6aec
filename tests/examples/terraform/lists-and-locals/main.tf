locals {
  bucket  = "acme-veeam"
  reading = ["s3:GetObject", "s3:GetObjectVersion"]
  writing = toset(["s3:PutObject", "s3:PutObject", "s3:DeleteObject"])
  prefixes = {
    daily  = "daily"
    weekly = "weekly"
  }
  arns = [for prefix in values(local.prefixes) : "arn:aws:s3:::${local.bucket}/${prefix}/*"]
}

data "aws_iam_policy_document" "objects" {
  statement {
    sid       = "Objects"
    actions   = concat(local.reading, tolist(local.writing), var.more_actions)
    resources = local.arns
  }

  statement {
    sid       = "Bucket"
    actions   = compact(flatten([["s3:ListBucket", ""], "s3:GetBucketLocation"]))
    resources = [format("arn:aws:s3:::%s", local.bucket), join("", ["arn:aws:s3:::", upper("acme"), "-logs"])]
  }

  statement {
    sid       = "Chosen"
    actions   = var.is_locked ? ["s3:PutObjectRetention"] : []
    resources = [local.prefixes["daily"] == "daily" ? "*" : "arn:aws:s3:::never"]
  }
}

variable "more_actions" {
  type = list(string)
}

variable "is_locked" {
  type = bool
}

resource "aws_iam_policy" "objects" {
  policy = data.aws_iam_policy_document.objects.json
}
