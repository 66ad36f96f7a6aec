resource "aws_organizations_policy" "regions" {
  name    = "regions"
  content = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "*", Resource = "*" }] })
}

resource "aws_organizations_policy" "tags" {
  name    = "tags"
  type    = "TAG_POLICY"
  content = jsonencode({ tags = {} })
}

resource "aws_ssoadmin_permission_set" "operators" {
  name         = "operators"
  instance_arn = "arn:aws:sso:::instance/ssoins-0000000000000000"
}

resource "aws_ssoadmin_permission_set_inline_policy" "operators" {
  instance_arn       = aws_ssoadmin_permission_set.operators.instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.operators.arn
  inline_policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:List*", Resource = "*" }] })
}
