variable "bucket" {
  type = string
}

resource "aws_iam_user_policy" "bucket" {
  name = "bucket"
  user = aws_iam_user.veeam.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" },
      {
        Effect = "Allow"
        Action = [
          "s3:GetBucketLocation",
          "s3:GetBucketObjectLockConfiguration",
          "s3:GetBucketVersioning",
          "s3:ListBucket",
          "s3:ListBucketMultipartUploads",
          "s3:ListBucketVersions",
        ]
        Resource = aws_s3_bucket.repository.arn
      },
    ]
  })
}
