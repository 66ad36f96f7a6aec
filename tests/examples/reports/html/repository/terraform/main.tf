variable "bucket" {
  type = string
}

data "aws_iam_policy_document" "veeam" {
  statement {
    sid       = "Find"
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  }

  statement {
    sid       = "Bucket"
    actions   = ["s3:GetBucket*", "s3:ListBucket*"]
    resources = ["arn:aws:s3:::acme-veeam"]
  }

  statement {
    sid       = "Objects"
    actions   = ["s3:*Object*", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["arn:aws:s3:::${var.bucket}/*"]
  }
}

resource "aws_iam_role_policy" "veeam" {
  role   = "veeam"
  policy = data.aws_iam_policy_document.veeam.json
}
