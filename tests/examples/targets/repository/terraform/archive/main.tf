variable "archive_bucket" {
  type = string
}

resource "aws_iam_role" "archive" {
  name = "veeam-archive"
}

resource "aws_iam_role_policy" "archive" {
  name   = "archive"
  role   = aws_iam_role.archive.id
  policy = <<-POLICY
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"},
        {
          "Effect": "Allow",
          "Action": ["s3:GetBucket*", "s3:ListBucket*"],
          "Resource": "arn:aws:s3:::${var.archive_bucket}"
        },
        {
          "Sid": "Objects",
          "Effect": "Allow",
          "Action": [
            "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectRetention",
            "s3:GetObjectVersion", "s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectRetention"
          ],
          "Resource": "arn:aws:s3:::${var.archive_bucket}/*"
        }
      ]
    }
  POLICY
}
