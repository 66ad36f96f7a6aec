resource "aws_s3_bucket" "repository" {
  bucket = var.bucket
}

resource "aws_iam_user" "veeam" {
  name = "veeam-backup"
}

data "aws_iam_policy_document" "objects" {
  statement {
    sid = "Objects"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:GetObject",
      "s3:GetObjectRetention",
      "s3:GetObjectVersion",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
      "s3:PutObjectRetention",
      "s3:RestoreObject",
    ]
    resources = ["${aws_s3_bucket.repository.arn}/*"]
  }
}

resource "aws_iam_user_policy" "objects" {
  name   = "objects"
  user   = aws_iam_user.veeam.name
  policy = data.aws_iam_policy_document.objects.json
}
