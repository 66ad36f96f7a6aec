data "template_file" "policy" {
  template = "${file("${path.module}/policy.tpl")}"

  vars = {
    bucket = "${aws_s3_bucket.repository.id}"
  }
}

data "template_file" "unknown" {
  template = var.template
}

data "aws_iam_policy_document" "merged" {
  source_json   = data.template_file.policy.rendered
  override_json = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "Objects", Effect = "Deny", Action = "s3:*", Resource = "*" }] })
}

variable template {}

resource aws_s3_bucket repository {
  bucket = "acme-veeam"
}

resource "aws_iam_role" "backup" {
  count              = 2
  name               = "backup-${count.index}"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "rendered" {
  count  = 2
  role   = "${element(aws_iam_role.backup.*.name, count.index)}"
  policy = "${data.template_file.policy.rendered}"
}

resource "aws_iam_role_policy" "merged" {
  role   = "${aws_iam_role.backup.0.name}"
  policy = "${data.aws_iam_policy_document.merged.minified_json}"
}

resource "aws_iam_role_policy" "unknown" {
  role   = aws_iam_role.backup[1].name
  policy = data.template_file.unknown.rendered
}

module "m" {
  source = "./modules/m"
  count  = 2
  number = count.index
}

resource "aws_iam_policy" "of_modules" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for m in module.m : { Effect = "Allow", Action = "s3:GetObject", Resource = m.arn }]
  })
}

resource "aws_iam_policy" "of_one_module" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = concat(module.m[*].arn, [module.m[1].arn, module.m.0.arn, module.m[var.template].arn, module.none.arn]) }]
  })
}
