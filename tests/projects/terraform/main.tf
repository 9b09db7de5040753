# What teams declare of Step Functions, EventBridge, its schedules and what these work with, for the tests with
# Terraform's own AWS provider.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "comment" {
  type = string
}

# The endpoint and the keys come from the environment: eval "$(trainyard env)".
provider "aws" {
  skip_metadata_api_check = true
  s3_use_path_style       = true
}

locals {
  services = ["states.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"]
}

resource "aws_iam_role" "runs" {
  name                 = "runs"
  description          = "runs ${var.comment}"
  max_session_duration = var.comment == "one" ? 3600 : 7200
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = var.comment, Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = local.services } }
    ]
  })
  tags = { team = var.comment, (var.comment) = "is set" }
}

resource "aws_iam_role_policy" "starts" {
  name = "starts"
  role = aws_iam_role.runs.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "states:StartExecution", Resource = "*" }]
  })
}

resource "aws_sfn_activity" "by_hand" {
  name = "by-hand"
  tags = { team = "ml" }
}

resource "aws_sfn_state_machine" "train" {
  name     = "train"
  role_arn = aws_iam_role.runs.arn
  publish  = true
  definition = jsonencode({
    Comment = var.comment
    StartAt = "Go"
    States  = { Go = { Type = "Pass", End = true } }
  })
  tags = { team = "ml" }
}

resource "aws_sfn_alias" "live" {
  name = "live"
  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.train.state_machine_version_arn
    weight                    = 100
  }
}

resource "aws_cloudwatch_event_rule" "ended" {
  name          = "ended"
  description   = "an execution ended well"
  event_pattern = jsonencode({ source = ["aws.states"], detail = { status = ["SUCCEEDED"] } })
  tags          = { team = "ml" }
}

resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "again" {
  rule     = aws_cloudwatch_event_rule.hourly.name
  arn      = aws_sfn_state_machine.train.arn
  role_arn = aws_iam_role.runs.arn
  input_transformer {
    input_paths    = { at = "$.time" }
    input_template = "{\"at\": <at>}"
  }
}

resource "aws_cloudwatch_event_bus" "models" {
  name = "models"
  tags = { team = "ml" }
}

resource "aws_cloudwatch_event_permission" "staging" {
  principal      = "222222222222"
  statement_id   = "staging"
  event_bus_name = aws_cloudwatch_event_bus.models.name
}

resource "aws_cloudwatch_event_archive" "models" {
  name             = "models"
  event_source_arn = aws_cloudwatch_event_bus.models.arn
  event_pattern    = jsonencode({ source = ["ml.models"] })
  retention_days   = 7
}

resource "aws_cloudwatch_event_bus" "shared" {
  name        = "shared"
  description = var.comment
}

resource "aws_cloudwatch_event_bus_policy" "shared" {
  event_bus_name = aws_cloudwatch_event_bus.shared.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "staging"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::222222222222:root" }
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.shared.arn
      Condition = { StringEquals = { "events:source" = var.comment } }
    }]
  })
}

resource "aws_sqs_queue" "letters" {
  name                      = "letters"
  message_retention_seconds = 86400
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.letters.arn
    maxReceiveCount     = 3
  })
  tags = { team = "ml" }
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "rules"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.jobs.arn
    }]
  })
}

resource "aws_cloudwatch_log_group" "runs" {
  name              = "/ml/runs"
  retention_in_days = var.comment == "one" ? 7 : 30
  tags              = { team = var.comment }
}

resource "aws_s3_bucket" "models" {
  bucket = "ml-models"
}

resource "aws_scheduler_schedule_group" "nights" {
  name = "nights"
  tags = { team = "ml" }
}

resource "aws_cloudwatch_event_rule" "approved" {
  name           = "approved"
  event_bus_name = aws_cloudwatch_event_bus.models.name
  event_pattern  = jsonencode({ detail = { ModelApprovalStatus = ["Approved"] } })
}

resource "aws_cloudwatch_event_connection" "chat" {
  name               = "chat"
  authorization_type = "API_KEY"
  auth_parameters {
    api_key {
      key   = "x-key"
      value = "not shown"
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "chat" {
  name                             = "chat"
  invocation_endpoint              = "https://chat.example/hook"
  http_method                      = "POST"
  invocation_rate_limit_per_second = 20
  connection_arn                   = aws_cloudwatch_event_connection.chat.arn
}

resource "aws_cloudwatch_event_target" "told" {
  rule           = aws_cloudwatch_event_rule.approved.name
  event_bus_name = aws_cloudwatch_event_bus.models.name
  arn            = aws_cloudwatch_event_api_destination.chat.arn
  role_arn       = aws_iam_role.runs.arn
  dead_letter_config {
    arn = aws_sqs_queue.letters.arn
  }
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 5
  }
}

resource "aws_scheduler_schedule" "nightly" {
  name                         = "nightly"
  group_name                   = aws_scheduler_schedule_group.nights.name
  schedule_expression          = "cron(0 3 * * ? *)"
  schedule_expression_timezone = "Europe/Berlin"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sfn_state_machine.train.arn
    role_arn = aws_iam_role.runs.arn
    input    = jsonencode({ by = "schedule" })
  }
}

output "machine" {
  value = aws_sfn_state_machine.train.arn
}

output "alias" {
  value = aws_sfn_alias.live.arn
}
