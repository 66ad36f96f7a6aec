resource "aws_s3_bucket" "repository" {
  bucket = "acme-veeam"
}

resource "aws_iam_role" "backup" {
  name               = "veeam-backup"
  assume_role_policy = data.aws_iam_policy_document.trust.json
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

resource "aws_iam_role_policy" "veeam" {
  name = "veeam"
  role = aws_iam_role.backup.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "FindBuckets"
        Effect   = "Allow"
        Action   = "s3:ListAllMyBuckets"
        Resource = "*"
      },
      {
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = [
          "s3:GetBucketLocation",
          "s3:ListBucket",
          "s3:ListBucketMultipartUploads",
          "s3:GetBucketObjectLockConfiguration",
          "s3:GetBucketVersioning",
          "s3:ListBucketVersions",
        ]
        Resource = aws_s3_bucket.repository.arn
      },
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = [
          "s3:PutObject",
          "s3:GetObject",
          "s3:DeleteObject",
          "s3:AbortMultipartUpload",
          "s3:ListMultipartUploadParts",
          "s3:RestoreObject",
          "s3:GetObjectVersion",
          "s3:GetObjectRetention",
          "s3:PutObjectRetention",
          "s3:DeleteObjectVersion",
        ]
        Resource = "${aws_s3_bucket.repository.arn}/*"
      },
      {
        Sid      = "ApplianceLookUp"
        Effect   = "Allow"
        Action   = [
          "ec2:DescribeInstances",
          "ec2:DescribeInstanceTypes",
          "ec2:DescribeVpcs",
          "ec2:DescribeSubnets",
          "ec2:DescribeRouteTables",
          "ec2:DescribeInternetGateways",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeConversionTasks",
        ]
        Resource = "*"
      },
      {
        Sid      = "ApplianceImageId"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "arn:aws:ssm:*::parameter/aws/service/*"
      },
      {
        Sid      = "ApplianceLaunch"
        Effect   = "Allow"
        Action   = "ec2:RunInstances"
        Resource = [
          "arn:aws:ec2:*::image/*",
          "arn:aws:ec2:*:*:instance/*",
          "arn:aws:ec2:*:*:network-interface/*",
          "arn:aws:ec2:*:*:security-group/*",
          "arn:aws:ec2:*:*:subnet/*",
          "arn:aws:ec2:*:*:volume/*",
          "arn:aws:ec2:*:*:key-pair/*",
        ]
      },
      {
        Sid      = "ApplianceInstance"
        Effect   = "Allow"
        Action   = [
          "ec2:StartInstances",
          "ec2:StopInstances",
          "ec2:TerminateInstances",
        ]
        Resource = "arn:aws:ec2:*:*:instance/*"
      },
      {
        Sid      = "ApplianceKeyPair"
        Effect   = "Allow"
        Action   = [
          "ec2:CreateKeyPair",
          "ec2:DeleteKeyPair",
        ]
        Resource = "arn:aws:ec2:*:*:key-pair/*"
      },
      {
        Sid      = "ApplianceVpc"
        Effect   = "Allow"
        Action   = [
          "ec2:CreateVpc",
          "ec2:DeleteVpc",
        ]
        Resource = "arn:aws:ec2:*:*:vpc/*"
      },
      {
        Sid      = "ApplianceSubnet"
        Effect   = "Allow"
        Action   = [
          "ec2:CreateSubnet",
          "ec2:DeleteSubnet",
        ]
        Resource = [
          "arn:aws:ec2:*:*:subnet/*",
          "arn:aws:ec2:*:*:vpc/*",
        ]
      },
      {
        Sid      = "ApplianceRoutes"
        Effect   = "Allow"
        Action   = [
          "ec2:CreateRouteTable",
          "ec2:DeleteRouteTable",
          "ec2:CreateRoute",
          "ec2:DeleteRoute",
        ]
        Resource = [
          "arn:aws:ec2:*:*:route-table/*",
          "arn:aws:ec2:*:*:vpc/*",
        ]
      },
      {
        Sid      = "ApplianceInternetGateway"
        Effect   = "Allow"
        Action   = [
          "ec2:CreateInternetGateway",
          "ec2:AttachInternetGateway",
          "ec2:DeleteInternetGateway",
        ]
        Resource = [
          "arn:aws:ec2:*:*:internet-gateway/*",
          "arn:aws:ec2:*:*:vpc/*",
        ]
      },
      {
        Sid      = "ApplianceSecurityGroup"
        Effect   = "Allow"
        Action   = [
          "ec2:CreateSecurityGroup",
          "ec2:DeleteSecurityGroup",
          "ec2:AuthorizeSecurityGroupIngress",
        ]
        Resource = [
          "arn:aws:ec2:*:*:security-group/*",
          "arn:aws:ec2:*:*:vpc/*",
        ]
      },
      {
        Sid      = "ApplianceTags"
        Effect   = "Allow"
        Action   = "ec2:CreateTags"
        Resource = [
          "arn:aws:ec2:*:*:instance/*",
          "arn:aws:ec2:*:*:volume/*",
          "arn:aws:ec2:*:*:network-interface/*",
          "arn:aws:ec2:*:*:security-group/*",
          "arn:aws:ec2:*:*:subnet/*",
          "arn:aws:ec2:*:*:vpc/*",
          "arn:aws:ec2:*:*:route-table/*",
          "arn:aws:ec2:*:*:internet-gateway/*",
          "arn:aws:ec2:*:*:key-pair/*",
        ]
      }
    ]
  })
}
