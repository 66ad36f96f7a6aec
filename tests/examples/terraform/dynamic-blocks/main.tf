variable "extra" {
  type = list(object({ sid = string, actions = list(string) }))
}

variable "addresses" {
  type = list(string)
}

variable "given" {
  type = list(object({
    sid       = optional(string)
    actions   = list(string)
    resources = optional(list(string), ["*"])
    condition = optional(list(object({ test = string, variable = string, values = list(string) })))
  }))
  default = [
    { sid = "Given", actions = ["s3:ListBucket"] },
    {
      actions   = ["s3:GetObject"]
      condition = [{ test = "Bool", variable = "aws:SecureTransport", values = ["true"] }]
    },
  ]
}

data "aws_iam_policy_document" "dynamic" {
  dynamic "statement" {
    for_each = { Daily = "daily", Weekly = "weekly" }
    iterator = each_prefix

    content {
      sid       = each_prefix.key
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::acme-veeam/${each_prefix.value}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.extra

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = ["arn:aws:s3:::acme-veeam"]
    }
  }

  dynamic "statement" {
    for_each = var.given

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.condition != null ? statement.value.condition : []

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }

  statement {
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::acme-veeam/*"]

    condition {
      test     = "IpAddress"
      variable = "aws:SourceIp"
      values   = ["10.0.0.0/8"]
    }

    condition {
      test     = "IpAddress"
      variable = "aws:SourceIp"
      values   = var.addresses
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = ["eu-central-1"]
    }
  }
}

resource "aws_iam_policy" "dynamic" {
  policy = data.aws_iam_policy_document.dynamic.json
}
