data "aws_iam_policy_document" "veeam" {
  statement {
    sid       = "FindBuckets"
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  }

  statement {
    sid       = "Bucket"
    actions   = [
      "s3:GetBucketLocation",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketVersioning",
      "s3:ListBucketVersions",
    ]
    resources = [aws_s3_bucket.repository.arn]
  }

  statement {
    sid       = "Objects"
    actions   = [
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
    resources = ["${aws_s3_bucket.repository.arn}/*"]
  }

  statement {
    sid       = "ApplianceLookUp"
    actions   = [
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeVpcs",
      "ec2:DescribeSubnets",
      "ec2:DescribeRouteTables",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeConversionTasks",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ApplianceImageId"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:*::parameter/aws/service/*"]
  }

  statement {
    sid       = "ApplianceLaunch"
    actions   = ["ec2:RunInstances"]
    resources = [
      "arn:aws:ec2:*::image/*",
      "arn:aws:ec2:*:*:instance/*",
      "arn:aws:ec2:*:*:network-interface/*",
      "arn:aws:ec2:*:*:security-group/*",
      "arn:aws:ec2:*:*:subnet/*",
      "arn:aws:ec2:*:*:volume/*",
      "arn:aws:ec2:*:*:key-pair/*",
    ]
  }

  statement {
    sid       = "ApplianceInstance"
    actions   = [
      "ec2:StartInstances",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
    ]
    resources = ["arn:aws:ec2:*:*:instance/*"]
  }

  statement {
    sid       = "ApplianceKeyPair"
    actions   = [
      "ec2:CreateKeyPair",
      "ec2:DeleteKeyPair",
    ]
    resources = ["arn:aws:ec2:*:*:key-pair/*"]
  }

  statement {
    sid       = "ApplianceVpc"
    actions   = [
      "ec2:CreateVpc",
      "ec2:DeleteVpc",
    ]
    resources = ["arn:aws:ec2:*:*:vpc/*"]
  }

  statement {
    sid       = "ApplianceSubnet"
    actions   = [
      "ec2:CreateSubnet",
      "ec2:DeleteSubnet",
    ]
    resources = [
      "arn:aws:ec2:*:*:subnet/*",
      "arn:aws:ec2:*:*:vpc/*",
    ]
  }

  statement {
    sid       = "ApplianceRoutes"
    actions   = [
      "ec2:CreateRouteTable",
      "ec2:DeleteRouteTable",
      "ec2:CreateRoute",
      "ec2:DeleteRoute",
    ]
    resources = [
      "arn:aws:ec2:*:*:route-table/*",
      "arn:aws:ec2:*:*:vpc/*",
    ]
  }

  statement {
    sid       = "ApplianceInternetGateway"
    actions   = [
      "ec2:CreateInternetGateway",
      "ec2:AttachInternetGateway",
      "ec2:DeleteInternetGateway",
    ]
    resources = [
      "arn:aws:ec2:*:*:internet-gateway/*",
      "arn:aws:ec2:*:*:vpc/*",
    ]
  }

  statement {
    sid       = "ApplianceSecurityGroup"
    actions   = [
      "ec2:CreateSecurityGroup",
      "ec2:DeleteSecurityGroup",
      "ec2:AuthorizeSecurityGroupIngress",
    ]
    resources = [
      "arn:aws:ec2:*:*:security-group/*",
      "arn:aws:ec2:*:*:vpc/*",
    ]
  }

  statement {
    sid       = "ApplianceTags"
    actions   = ["ec2:CreateTags"]
    resources = [
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
}

resource "aws_iam_policy" "veeam" {
  name   = "veeam"
  policy = data.aws_iam_policy_document.veeam.json
}

resource "aws_iam_role_policy_attachment" "veeam" {
  role       = aws_iam_role.backup.name
  policy_arn = aws_iam_policy.veeam.arn
}
