resource "aws_iam_role" "backup" {
  name               = "veeam-backup"
  assume_role_policy = "{}"
}

module "veeam" {
  source   = "./modules/veeam"
  for_each = { daily = "acme-daily", weekly = "acme-weekly" }

  bucket = each.value
  role   = aws_iam_role.backup.name
}

module "elsewhere" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-policy"
  version = "5.0.0"
  policy  = data.aws_iam_policy_document.handed_on.json
}

data "aws_iam_policy_document" "handed_on" {
  statement {
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "objects" {
  role   = aws_iam_role.backup.id
  policy = module.veeam["daily"].objects
}
