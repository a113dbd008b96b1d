# --- How it works ---------------------------------------------------------------------------------------------------
# What there is is listed once per kind, with the revision that it was last deployed as: a hash of all that it is made
# with. What is missing is created, what has another revision is updated, the rest is left alone.

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# need <variable> <pattern> <text>: fails with the text where a variable does not match.
need() {
  [[ ${!1-} =~ ^($2)$ ]] || fail "$1 is '${!1-}' and has to match $2: $3"
}

# Writes a text as it stands between the quotes of JSON.
json() {
  local text=$1 slash=\\
  text=${text//"$slash"/"$slash$slash"}
  text=${text//'"'/"$slash"'"'}
  text=${text//$'\t'/"$slash"t}
  text=${text//$'\r'/"$slash"r}
  text=${text//$'\n'/"$slash"n}
  printf '%s' "$text"
}

digest() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-16
}

# change <text> <argument>...: says what changes, and runs gcloud.
change() {
  say "  $1"
  shift
  # Said explicitly: errors do not end what `patiently` calls.
  CLOUDSDK_CORE_USER_OUTPUT_ENABLED=false gcloud "$@" </dev/null || return
  changes=$((changes + 1))
}

# learn <kind> <argument>...: lists what there is: name, revision, prefix of the deployment that it is of, and more.
learn() {
  local kind=$1
  shift
  : >"$work/$kind.declared"
  gcloud "$@" </dev/null >"$work/$kind"
}

# The same of things without labels, whose description ends with both: lists name, description, and one more.
learn_described() {
  learn "$@"
  awk -F '\t' -v OFS='\t' '{
    mark = $2
    sub(/.*\[/, "", mark)
    sub(/\]$/, "", mark)
    split(mark, parts, " ")
    print $1, parts[2], parts[1], $3
  }' "$work/$1" >"$work/$1.parsed"
  mv "$work/$1.parsed" "$work/$1"
}

# known <kind> <name> <column>: gives what is listed of a thing, or fails where there is no such thing.
known() {
  awk -F '\t' -v name="$2" -v column="$3" \
    '$1 == name { print $column; found = 1; exit } END { exit !found }' "$work/$1"
}

# has_changed <kind> <name> <flag>...: tells whether something is to be done, which verb does it, and with which flags:
# `create:` and `update:` before a flag keep it to one of the two, `note:` makes it count for the revision only.
has_changed() {
  local kind=$1 name=$2 found flag revision
  shift 2
  printf '%s\n' "$name" >>"$work/$kind.declared"
  revision=$(printf '%s\0' "$LABELS" "$@" | digest)
  verb=create label_flag=--labels
  if found=$(known "$kind" "$name" 2); then
    [[ $found != "$revision" ]] || return 1
    verb=update label_flag=--update-labels
  fi
  flags=()
  for flag in "$@"; do
    case $flag in
      "$verb":*) flags+=("${flag#*:}") ;;
      create:* | update:* | note:*) ;;
      *) flags+=("$flag") ;;
    esac
  done
  labels="${LABELS}purista-prefix=$PREFIX,purista-revision=$revision"
  mark="[$PREFIX $revision]"
}

# --- Kinds of things ------------------------------------------------------------------------------------------------

is_enabled() { known services "$1" 1 >/dev/null; }

services() {
  local service missing=()
  for service in "$@"; do
    is_enabled "$service" || missing+=("$service")
  done
  [[ ${#missing[@]} -eq 0 ]] || change "enable$(printf '\n    %s' "${missing[@]}")" services enable "${missing[@]}"
}

# account <name> <display name> <description>
account() {
  local name=$1@$ACCOUNTS
  has_changed accounts "$name" --display-name="$2" "note:$3" || return 0
  if [[ $verb == create ]]; then name=$1 is_fresh=yes; fi
  change "$verb account $1" iam service-accounts "$verb" "$name" "${flags[@]}" --description="$3 $mark"
}

# topics <name>...: those that are missing are created in one call, since all of them are alike.
topics() {
  local name missing=()
  for name in "$@"; do
    has_changed topics "$name" || continue
    if [[ $verb == create ]]; then
      missing+=("$name")
    else
      change "update topic $name" pubsub topics update "$name" "$label_flag=$labels"
    fi
  done
  [[ ${#missing[@]} -eq 0 ]] ||
    change "create topics$(printf '\n    %s' "${missing[@]}")" pubsub topics create "${missing[@]}" --labels="$labels"
}

# subscription <name> <topic> <ordering: True or nothing> <filter> <flag>...
subscription() {
  local name=$1 topic=$2 ordering=$3 filter=$4
  shift 4
  set -- "create:--topic=$topic" "$@"
  [[ -z $ordering ]] || set -- create:--enable-message-ordering "$@"
  [[ -z $filter ]] || set -- "create:--message-filter=$filter" "$@"
  has_changed subscriptions "$name" "$@" || return 0
  change "$verb subscription $name" pubsub subscriptions "$verb" "$name" "${flags[@]}" "$label_flag=$labels"
}

# Compares what a subscription keeps for ever; takes the arguments of `subscription`.
check_subscription() {
  known subscriptions "$1" 1 >/dev/null || return 0
  local kept
  kept=$(awk -F '\t' -v name="$1" '$1 == name { print $4 "|" $5 "|" $6 }' "$work/subscriptions")
  [[ $kept == "$2|$3|$4" ]] || conflicts+=("subscription $1: is $kept and has to be $2|$3|$4 (topic|ordering|filter)")
}

report_conflicts() {
  [[ ${#conflicts[@]} -gt 0 ]] || return 0
  printf '%s\n' "${conflicts[@]}" >&2
  fail 'nothing has been changed; delete these, or declare them as they are'
}

# secret <name>: creates a container, and notes where it has no value.
secret() {
  if has_changed secrets "$1" create:--replication-policy=automatic; then
    change "$verb secret $1" secrets "$verb" "$1" ${flags[@]+"${flags[@]}"} "$label_flag=$labels"
  fi
  local states
  states=$(gcloud secrets versions list "$1" --format='value(state)' </dev/null)
  [[ $states == *enabled* || $states == *ENABLED* ]] || unset_secrets+=("$1")
}

require_secrets() {
  [[ ${#unset_secrets[@]} -gt 0 ]] || return 0
  say 'These secrets have no value. Set each and run this again:'
  printf '  gcloud secrets versions add %s --data-file=-\n' "${unset_secrets[@]}"
  exit 1
}

# database <name> <location>
database() {
  known databases "$1" 1 >/dev/null || change "create database $1" firestore databases create --database="$1" \
    --location="$2" --type=firestore-native --delete-protection
}

# Compares what a database keeps for ever; takes the arguments of `database`.
check_database() {
  local location
  location=$(known databases "$1" 2) || return 0
  [[ $location == "$2" ]] || conflicts+=("database $1: is in $location and has to be in $2")
}

# expiry <database> <collection> <field>
expiry() {
  learn fields firestore fields ttls list --database="$1" --collection-group="$2" --format='value(name.basename())'
  known fields "$3" 1 >/dev/null || change "expire $2 by $3" firestore fields ttls update "$3" \
    --database="$1" --collection-group="$2" --enable-ttl --async
}

# tasks_queue <name>: creates a queue that gives up no task. By itself one drops a task, and the message in it, after a
# hundred attempts.
tasks_queue() {
  known queues "$1" 1 >/dev/null ||
    change "create queue $1" tasks queues create "$1" --location="$REGION" --max-attempts=unlimited
}

# bucket <name> <days that an object is kept, or nothing>
bucket() {
  has_changed buckets "$1" "note:$2" || return 0
  local rules='[]'
  [[ -z $2 ]] || rules='[{"action":{"type":"Delete"},"condition":{"age":'$2'}}]'
  printf '{"rule":%s}' "$rules" >"$work/lifecycle.json"
  [[ $verb == update ]] || change "create bucket $1" storage buckets create "gs://$1" --location="$REGION" \
    --uniform-bucket-level-access --public-access-prevention
  change "configure bucket $1" storage buckets update "gs://$1" \
    --lifecycle-file="$work/lifecycle.json" --update-labels="$labels"
}

# sources <bucket>: puts what gcloud would upload into one archive, called by what is in it; see .gcloudignore.
sources() {
  gcloud meta list-files-for-upload . </dev/null | LC_ALL=C sort >"$work/files"
  local name
  name=source-$({ tr '\n' '\0' <"$work/files" | xargs -0 cksum && tr '\n' '\0' <"$work/files" | xargs -0 cat; } | digest).zip
  SOURCE=gs://$1/$name
  learn objects storage objects list "gs://$1/*" --format='value(name)'
  known objects "$name" 1 >/dev/null && return
  python3 -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
    for name in sys.stdin.read().splitlines():
        archive.write(name)
' "$work/$name" <"$work/files"
  change "upload $name" storage cp "$work/$name" "$SOURCE"
}

# cloud_function <name> <flag>...: deploys a function; the lines of standard input are its variables.
cloud_function() {
  local name=$1 variables
  shift
  # A separator that is in no value.
  variables=$(tr '\n' '\037')
  set -- "$@" --source="$SOURCE" "--set-env-vars=^"$'\037'"^${variables%$'\037'}"
  [[ -z $BUILD_ACCOUNT ]] || set -- "$@" --build-service-account="$BUILD_ACCOUNT"
  has_changed functions "$name" "$@" || return 0
  change "deploy function $name" functions deploy "$name" --gen2 --region="$REGION" --trigger-http \
    --entry-point=handler "${flags[@]}" --update-labels="$labels"
}

# job <name> <description> <ENABLED or PAUSED> <flag>...
job() {
  local name=$1 description=$2 state=$3 found
  shift 3
  if has_changed jobs "$name" "$@" "note:$description"; then
    change "$verb job $name" scheduler jobs "$verb" pubsub "$name" --location="$REGION" "${flags[@]}" \
      --description="$description $mark"
  fi
  found=$(known jobs "$name" 4) || found=ENABLED
  case $found-$state in
    PAUSED-ENABLED) change "resume job $name" scheduler jobs resume "$name" --location="$REGION" ;;
    ENABLED-PAUSED) change "pause job $name" scheduler jobs pause "$name" --location="$REGION" ;;
  esac
}

# alert <name> <metric> <threshold> <subscription> <text>
alert() {
  local text
  text=$(json "$5")
  cat >"$work/policy.json" <<END
{
  "combiner": "OR",
  "conditions": [
    {
      "displayName": "$text",
      "conditionThreshold": {
        "filter": "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"$4\" AND metric.type = \"pubsub.googleapis.com/subscription/$2\"",
        "comparison": "COMPARISON_GT",
        "thresholdValue": $3,
        "duration": "0s",
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"}]
      }
    }
  ],
  "documentation": {"content": "$text", "mimeType": "text/markdown"},
  "notificationChannels": [${NOTIFICATION_CHANNELS:+\"${NOTIFICATION_CHANNELS//,/\",\"}\"}]
}
END
  has_changed alerts "$1" "note:$(cat "$work/policy.json")" || return 0
  if [[ $verb == create ]]; then
    change "create alert $1" alpha monitoring policies create --display-name="$1" \
      --policy-from-file="$work/policy.json" --user-labels="$labels"
  else
    change "update alert $1" alpha monitoring policies update "$(known alerts "$1" 4)" \
      --policy-from-file="$work/policy.json" --display-name="$1" --update-user-labels="$labels"
  fi
}

# --- Grants ---------------------------------------------------------------------------------------------------------
# A grant that is missing is added; none is taken away from anybody.

# on <kind> <name>: reads who may do what with a thing.
on() {
  case $1 in
    topics | subscriptions) group=(pubsub "$1") thing=("$2") ;;
    functions) group=(run services) thing=("$2" --region="$REGION") ;;
    accounts) group=(iam service-accounts) thing=("$2@$ACCOUNTS") ;;
    queues) group=(tasks queues) thing=("$2" --location="$REGION") ;;
    secrets) group=(secrets) thing=("$2") ;;
    buckets) group=(storage buckets) thing=("gs://$2") ;;
    projects) group=(projects) thing=("$2") ;;
  esac
  gcloud "${group[@]}" get-iam-policy "${thing[@]}" --flatten='bindings[].members' \
    --format='value(bindings.role,bindings.members,bindings.condition.expression)' </dev/null >"$work/grants"
}

# grant <role> <member> [<title> <expression>]: grants a role on the thing of `on`, where a condition holds.
grant() {
  local condition=()
  # Where somebody else's grant has a condition, one without has to say so; two services know no conditions.
  [[ ${group[0]} == pubsub || ${group[0]} == tasks ]] || condition=(--condition=None)
  awk -F '\t' -v role="$1" -v member="$2" -v expression="${4-}" \
    '$1 == role && $2 == member && $3 == expression { found = 1; exit } END { exit !found }' "$work/grants" && return
  [[ -z ${4-} ]] || condition=("--condition=^"$'\037'"^title=$3"$'\037'"expression=$4")
  patiently change "grant $1 on ${thing[0]} to $2" "${group[@]}" add-iam-policy-binding "${thing[@]}" \
    --role="$1" --member="$2" ${condition[@]+"${condition[@]}"}
}

# An account that has just been created is not known everywhere at once.
patiently() {
  local pause
  if [[ $is_fresh == yes ]]; then
    for pause in 5 10 20 40; do
      "$@" && return
      say "  again in $pause seconds"
      sleep "$pause"
    done
  fi
  "$@"
}

# --- What is no longer declared -------------------------------------------------------------------------------------

report_left_over() {
  local kind
  for kind in accounts topics subscriptions functions jobs secrets alerts; do
    [[ -e $work/$kind ]] || continue
    awk -F '\t' -v kind="$kind" -v prefix="$PREFIX" '
      FILENAME == ARGV[1] { declared[$1] = 1; next }
      $3 == prefix && !($1 in declared) { print "  no longer declared, and not deleted: " kind " " $1 }
    ' "$work/$kind.declared" "$work/$kind"
  done
}
