variable "bucket" {}

resource "aws_iam_role" "veeam" {
  name               = "veeam"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "veeam" {
  name = "veeam"
  role = aws_iam_role.veeam.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Objects"
        Effect = "Allow"
        Action = [
          "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
          "s3:RestoreObject", "s3:GetObjectVersion", "s3:GetObjectRetention", "s3:PutObjectRetention",
          "s3:DeleteObjectVersion",
        ]
        Resource = "arn:aws:s3:::${var.bucket}/*"
      },
    ]
  })
}
