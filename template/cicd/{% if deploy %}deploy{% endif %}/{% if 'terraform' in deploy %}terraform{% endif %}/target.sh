#!/usr/bin/env bash
# The target of a cloud: this folder, by Terraform. Sourced by ../steps.sh, which says what the functions are. What was deployed,
# and what before, stands in the outputs of the state.
#
# TF_HTTP_ADDRESS, TF_HTTP_LOCK_ADDRESS, TF_HTTP_USERNAME, TF_HTTP_PASSWORD, …   where the state is kept
# TERRAFORM   terraform, or tofu; terraform if not set

folder=cicd/deploy/terraform

terraform_here() { "${TERRAFORM:-terraform}" -chdir="$folder" "$@"; }

target_ready() {
  local said
  values=$PWD/configs/environments/$ENVIRONMENT.tfvars
  require_program "${TERRAFORM:-terraform}" "Install Terraform or OpenTofu."
  [ -f "$values" ] || fail "there is no configs/environments/$ENVIRONMENT.tfvars. Nothing was changed."
  export TF_IN_AUTOMATION=1 TF_INPUT=0
  # Each environment has a state of its own, and a folder of its own for what init fetches.
  export TF_DATA_DIR=${TF_DATA_DIR:-$PWD/$folder/.terraform/$ENVIRONMENT}
  said=$(terraform_here init -no-color -reconfigure 2>&1) \
    || fail "terraform init: $(why "$said"). Nothing was changed."
}

why() { printf '%s\n' "$1" | sed -n 's/^.*Error: //p' | head -n 1; } # the first of Terraform's errors

target_fetch() { # IMAGE
  local said
  look_up_image "$1"
  said=$(terraform_here plan -no-color -lock=false -var-file="$values" -var "image=$1" 2>&1) \
    || fail "terraform plan: $(why "$said"). Nothing was changed."
}

truth() { if [ "$1" = 1 ]; then echo true; else echo false; fi; }

target_now() { # image|before|waits
  local said
  said=$(terraform_here output -no-color -json 2>&1) || fail "terraform output: $(why "$said"). Nothing was changed."
  printf '%s\n' "$said" | sed -n "/^  \"deploy_$1\": {/,/^  }/s/^    \"value\": \"\(.*\)\"\$/\1/p"
}

target_apply() { # IMAGE BEFORE WAITS
  local said
  if ! said=$(terraform_here apply -no-color -auto-approve -var-file="$values" -var "image=$1" -var "before=$2" \
    -var "waits=$(truth "$3")" 2>&1); then
    printf '%s\n' "$said" | tail -n 20 >&2
    return 1
  fi
}

target_remove() { echo "Terraform keeps what it has made; mend the image, and deploy again." >&2; }
