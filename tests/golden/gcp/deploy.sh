# --- What there is --------------------------------------------------------------------------------------------------
need PREFIX '^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$' 'What every name begins with; two deployments in a project differ in it.'
JSON_COMMAND_Rates_3_quote=$(json "$COMMAND_Rates_3_quote")
JSON_CONFIG_RATE=$(json "$CONFIG_RATE")

export CLOUDSDK_CORE_PROJECT=$PROJECT CLOUDSDK_CORE_DISABLE_PROMPTS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LABELS=purista-application=shop,
ACCOUNTS="$PROJECT.iam.gserviceaccount.com"
NUMBER=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)' </dev/null)
changes=0 is_fresh=no conflicts=() unset_secrets=()

learn services services list --enabled --format='value(config.name)'
services \
  artifactregistry.googleapis.com \
  cloudbuild.googleapis.com \
  cloudfunctions.googleapis.com \
  cloudscheduler.googleapis.com \
  cloudtasks.googleapis.com \
  firestore.googleapis.com \
  iam.googleapis.com \
  monitoring.googleapis.com \
  pubsub.googleapis.com \
  run.googleapis.com \
  secretmanager.googleapis.com
learn_described accounts iam service-accounts list --format='value(email,description)'
learn topics pubsub topics list --format='value(name.basename(),labels.purista-revision,labels.purista-prefix)'
learn subscriptions pubsub subscriptions list \
  --format='value(name.basename(),labels.purista-revision,labels.purista-prefix,topic.basename(),enableMessageOrdering,filter)'
learn secrets secrets list --format='value(name.basename(),labels.purista-revision,labels.purista-prefix)'
learn databases firestore databases list --format='value(name.basename(),locationId)'
learn queues tasks queues list --location="$REGION" --format='value(name.basename())'
learn functions functions list --v2 --regions="$REGION" \
  --format='value(name.basename(),labels.purista-revision,labels.purista-prefix)'
learn_described jobs scheduler jobs list --location="$REGION" --format='value(name.basename(),description,state)'
learn alerts alpha monitoring policies list \
  --format='value(displayName,userLabels.purista-revision,userLabels.purista-prefix,name)'
learn buckets storage buckets list --format='value(name,labels.purista-revision,labels.purista-prefix)'

# --- What can never be changed, and is checked before anything else is ----------------------------------------------
subscriptions() {
  "$1" "$PREFIX-dead-letter~queue~shop.packing" "$PREFIX-dead-letter~queue~shop.packing" '' '' --ack-deadline=60 \
    --message-retention-duration=1209600s --expiration-period=never update:--clear-retry-policy \
    update:--clear-dead-letter-policy update:--push-endpoint=
  "$1" "$PREFIX-dead-letter~subscription~Shop.2.ship" "$PREFIX-dead-letter~subscription~Shop.2.ship" '' '' \
    --ack-deadline=60 --message-retention-duration=1209600s --expiration-period=never update:--clear-retry-policy \
    update:--clear-dead-letter-policy update:--push-endpoint=
  "$1" "$PREFIX-dead-letter~schedule~Shop.2.static" "$PREFIX-dead-letter~schedule~Shop.2.static" '' '' \
    --ack-deadline=60 --message-retention-duration=1209600s --expiration-period=never update:--clear-retry-policy \
    update:--clear-dead-letter-policy update:--push-endpoint=
  "$1" "$PREFIX-queue~shop.packing" "$PREFIX-queue~shop.packing" True '' --ack-deadline=90 \
    --message-retention-duration=604800s --expiration-period=never --min-retry-delay=1s --max-retry-delay=120s \
    --dead-letter-topic="$PREFIX-dead-letter~queue~shop.packing" --max-delivery-attempts=30 \
    --push-endpoint="https://$PREFIX-shop-v2-pack-worker-$NUMBER.$REGION.run.app/_purista/queue%3Ashop.packing" \
    --push-auth-service-account="$PREFIX-push@$PROJECT.iam.gserviceaccount.com" \
    --push-auth-token-audience="https://$PREFIX-shop-v2-pack-worker-$NUMBER.$REGION.run.app"
  "$1" "$PREFIX-subscription~Shop.2.ship" "$PREFIX-event~shop.paid" '' \
    'attributes.service = "Shop" AND attributes.version = "2"' --ack-deadline=600 --message-retention-duration=604800s \
    --expiration-period=never --min-retry-delay=1s --max-retry-delay=120s \
    --dead-letter-topic="$PREFIX-dead-letter~subscription~Shop.2.ship" --max-delivery-attempts=30 \
    --push-endpoint="https://$PREFIX-shop-v2-ship-subscription-$NUMBER.$REGION.run.app/_purista/subscription%3AShop.2.ship" \
    --push-auth-service-account="$PREFIX-push@$PROJECT.iam.gserviceaccount.com" \
    --push-auth-token-audience="https://$PREFIX-shop-v2-ship-subscription-$NUMBER.$REGION.run.app"
  "$1" "$PREFIX-gate~Shop.2.static" "$PREFIX-gate~Shop.2.static" '' '' --ack-deadline=90 \
    --message-retention-duration=604800s --expiration-period=never --min-retry-delay=1s --max-retry-delay=120s \
    --dead-letter-topic="$PREFIX-dead-letter~schedule~Shop.2.static" --max-delivery-attempts=30 \
    --push-endpoint="https://$PREFIX-shop-v2-static-gate-$NUMBER.$REGION.run.app/_purista/gate%3AShop.2.static" \
    --push-auth-service-account="$PREFIX-push@$PROJECT.iam.gserviceaccount.com" \
    --push-auth-token-audience="https://$PREFIX-shop-v2-static-gate-$NUMBER.$REGION.run.app"
  "$1" "$PREFIX-again~subscription~Shop.2.ship" "$PREFIX-again~subscription~Shop.2.ship" '' '' --ack-deadline=600 \
    --message-retention-duration=604800s --expiration-period=never --min-retry-delay=1s --max-retry-delay=120s \
    --dead-letter-topic="$PREFIX-dead-letter~subscription~Shop.2.ship" --max-delivery-attempts=30 \
    --push-endpoint="https://$PREFIX-shop-v2-ship-subscription-$NUMBER.$REGION.run.app/_purista/subscription%3AShop.2.ship" \
    --push-auth-service-account="$PREFIX-push@$PROJECT.iam.gserviceaccount.com" \
    --push-auth-token-audience="https://$PREFIX-shop-v2-ship-subscription-$NUMBER.$REGION.run.app"
}

subscriptions check_subscription
check_database "$PREFIX-records" "$REGION"
report_conflicts

# --- Accounts -------------------------------------------------------------------------------------------------------
account "$PREFIX-push" push 'Pub/Sub pushes messages as this account.'
account "$PREFIX-shop-v2-list" command:Shop.2.list 'shop: command:Shop.2.list'
account "$PREFIX-shop-14a9ae47" worker:Shop.2.pack 'shop: worker:Shop.2.pack'
account "$PREFIX-shop-e02d0ccc" subscription:Shop.2.ship 'shop: subscription:Shop.2.ship'
account "$PREFIX-shop-d7c9ddf8" gate:Shop.2.static 'shop: gate:Shop.2.static'

# --- Topics ---------------------------------------------------------------------------------------------------------
topics \
  "$PREFIX-again~subscription~Shop.2.ship" \
  "$PREFIX-dead-letter~queue~shop.packing" \
  "$PREFIX-dead-letter~subscription~Shop.2.ship" \
  "$PREFIX-dead-letter~schedule~Shop.2.static" \
  "$PREFIX-event~shop.paid" \
  "$PREFIX-queue~shop.packing" \
  "$PREFIX-gate~Shop.2.static"

# --- Secrets --------------------------------------------------------------------------------------------------------
secret "$PREFIX-TOKEN"
require_secrets

# --- Records, delays and large bodies -------------------------------------------------------------------------------
database "$PREFIX-records" "$REGION"
expiry "$PREFIX-records" records expires
tasks_queue "$PREFIX-later"

# --- Who may do what ------------------------------------------------------------------------------------------------
on accounts "$PREFIX-push"
grant roles/iam.serviceAccountTokenCreator "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on accounts "$PREFIX-shop-v2-list"
grant roles/iam.serviceAccountUser "serviceAccount:$PREFIX-shop-v2-list@$PROJECT.iam.gserviceaccount.com"
on accounts "$PREFIX-shop-14a9ae47"
grant roles/iam.serviceAccountUser "serviceAccount:$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com"
on accounts "$PREFIX-shop-e02d0ccc"
grant roles/iam.serviceAccountUser "serviceAccount:$PREFIX-shop-e02d0ccc@$PROJECT.iam.gserviceaccount.com"
on accounts "$PREFIX-shop-d7c9ddf8"
grant roles/iam.serviceAccountUser "serviceAccount:$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com"
on topics "$PREFIX-again~subscription~Shop.2.ship"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-e02d0ccc@$PROJECT.iam.gserviceaccount.com"
on topics "$PREFIX-dead-letter~queue~shop.packing"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com"
grant roles/pubsub.publisher "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on topics "$PREFIX-dead-letter~subscription~Shop.2.ship"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-e02d0ccc@$PROJECT.iam.gserviceaccount.com"
grant roles/pubsub.publisher "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on topics "$PREFIX-dead-letter~schedule~Shop.2.static"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com"
grant roles/pubsub.publisher "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on topics "$PREFIX-event~shop.paid"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com"
on projects "$PROJECT"
grant roles/datastore.user "serviceAccount:$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com" records \
  "resource.name == \"projects/$PROJECT/databases/$PREFIX-records\""
on secrets "$PREFIX-TOKEN"
grant roles/secretmanager.secretAccessor "serviceAccount:$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com"
on queues "$PREFIX-later"
grant roles/cloudtasks.enqueuer "serviceAccount:$PREFIX-shop-v2-list@$PROJECT.iam.gserviceaccount.com"
grant roles/cloudtasks.enqueuer "serviceAccount:$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com"
grant roles/cloudtasks.enqueuer "serviceAccount:$PREFIX-shop-e02d0ccc@$PROJECT.iam.gserviceaccount.com"
grant roles/cloudtasks.enqueuer "serviceAccount:$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com"
on topics "$PREFIX-queue~shop.packing"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-v2-list@$PROJECT.iam.gserviceaccount.com"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com"
on topics "$PREFIX-gate~Shop.2.static"
grant roles/pubsub.publisher "serviceAccount:$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com"

# --- Subscriptions --------------------------------------------------------------------------------------------------
subscriptions subscription
on subscriptions "$PREFIX-queue~shop.packing"
grant roles/pubsub.subscriber "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on subscriptions "$PREFIX-subscription~Shop.2.ship"
grant roles/pubsub.subscriber "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on subscriptions "$PREFIX-gate~Shop.2.static"
grant roles/pubsub.subscriber "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
on subscriptions "$PREFIX-again~subscription~Shop.2.ship"
grant roles/pubsub.subscriber "serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"

# --- Functions ------------------------------------------------------------------------------------------------------
bucket "$PROJECT-$PREFIX-source" ''
sources "$PROJECT-$PREFIX-source"

# command:Shop.2.list
cloud_function "$PREFIX-shop-v2-list" --runtime=python313 \
  --service-account="$PREFIX-shop-v2-list@$PROJECT.iam.gserviceaccount.com" \
  --set-build-env-vars=GOOGLE_FUNCTION_SOURCE=handlers/shop_list.py,PYTHONPATH=/workspace update:--clear-secrets \
  --memory=256Mi --cpu=0.167 --timeout=60s --concurrency=1 --min-instances=0 --max-instances=100 \
  --ingress-settings=all --allow-unauthenticated <<END
PURISTA_ACCOUNT=$PREFIX-shop-v2-list@$PROJECT.iam.gserviceaccount.com
PURISTA_COMMANDS={"Rates.3.quote":"$JSON_COMMAND_Rates_3_quote"}
PURISTA_PROJECT=$PROJECT
PURISTA_TASKS=projects/$PROJECT/locations/$REGION/queues/$PREFIX-later
PURISTA_TOPICS={"queue:shop.packing":"projects/$PROJECT/topics/$PREFIX-queue~shop.packing"}
PURISTA_TRUSTED=[]
PURISTA_URL=https://$PREFIX-shop-v2-list-$NUMBER.$REGION.run.app
PYTHONPATH=/workspace
END

# worker:Shop.2.pack
cloud_function "$PREFIX-shop-v2-pack-worker" --runtime=python313 \
  --service-account="$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com" \
  --set-build-env-vars=GOOGLE_FUNCTION_SOURCE=handlers/shop_pack.py,PYTHONPATH=/workspace \
  --set-secrets=PURISTA_SECRET_TOKEN="$PREFIX-TOKEN":latest --memory=256Mi --cpu=0.167 --timeout=90s --concurrency=1 \
  --min-instances=0 --max-instances=100 --ingress-settings=all --no-allow-unauthenticated <<END
PURISTA_ACCOUNT=$PREFIX-shop-14a9ae47@$PROJECT.iam.gserviceaccount.com
PURISTA_CONFIG={"RATE":"$JSON_CONFIG_RATE"}
PURISTA_DEAD_LETTERS={"queue:shop.packing":"projects/$PROJECT/topics/$PREFIX-dead-letter~queue~shop.packing"}
PURISTA_PROJECT=$PROJECT
PURISTA_SECRETS={"TOKEN":"PURISTA_SECRET_TOKEN"}
PURISTA_TASKS=projects/$PROJECT/locations/$REGION/queues/$PREFIX-later
PURISTA_TIMEOUT=90
PURISTA_TOPICS={"event:shop.paid":"projects/$PROJECT/topics/$PREFIX-event~shop.paid","queue:shop.packing":"projects/$PROJECT/topics/$PREFIX-queue~shop.packing"}
PYTHONPATH=/workspace
END

# subscription:Shop.2.ship
cloud_function "$PREFIX-shop-v2-ship-subscription" --runtime=python313 \
  --service-account="$PREFIX-shop-e02d0ccc@$PROJECT.iam.gserviceaccount.com" \
  --set-build-env-vars=GOOGLE_FUNCTION_SOURCE=handlers/shop_ship.py,PYTHONPATH=/workspace update:--clear-secrets \
  --memory=256Mi --cpu=0.167 --timeout=600s --concurrency=1 --min-instances=0 --max-instances=100 \
  --ingress-settings=all --no-allow-unauthenticated <<END
PURISTA_ACCOUNT=$PREFIX-shop-e02d0ccc@$PROJECT.iam.gserviceaccount.com
PURISTA_DEAD_LETTERS={"subscription:Shop.2.ship":"projects/$PROJECT/topics/$PREFIX-dead-letter~subscription~Shop.2.ship"}
PURISTA_PROJECT=$PROJECT
PURISTA_TASKS=projects/$PROJECT/locations/$REGION/queues/$PREFIX-later
PURISTA_TIMEOUT=600
PURISTA_TOPICS={"subscription:Shop.2.ship":"projects/$PROJECT/topics/$PREFIX-again~subscription~Shop.2.ship"}
PYTHONPATH=/workspace
END

# gate:Shop.2.static
cloud_function "$PREFIX-shop-v2-static-gate" --runtime=python313 \
  --service-account="$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com" \
  --set-build-env-vars=GOOGLE_FUNCTION_SOURCE=handlers/shop_gate_static.py,PYTHONPATH=/workspace \
  update:--clear-secrets --memory=256Mi --cpu=0.167 --timeout=90s --concurrency=1 --min-instances=0 \
  --max-instances=100 --ingress-settings=all --no-allow-unauthenticated <<END
PURISTA_ACCOUNT=$PREFIX-shop-d7c9ddf8@$PROJECT.iam.gserviceaccount.com
PURISTA_DEAD_LETTERS={"schedule:Shop.2.static":"projects/$PROJECT/topics/$PREFIX-dead-letter~schedule~Shop.2.static"}
PURISTA_LEDGER=$PREFIX-records
PURISTA_PROJECT=$PROJECT
PURISTA_TASKS=projects/$PROJECT/locations/$REGION/queues/$PREFIX-later
PURISTA_TIMEOUT=90
PURISTA_TOPICS={"gate:Shop.2.static":"projects/$PROJECT/topics/$PREFIX-gate~Shop.2.static","queue:shop.packing":"projects/$PROJECT/topics/$PREFIX-queue~shop.packing"}
PYTHONPATH=/workspace
END

# --- Who may start functions ----------------------------------------------------------------------------------------
on functions "$PREFIX-shop-v2-list"
grant roles/run.invoker allUsers
on functions "$PREFIX-shop-v2-pack-worker"
grant roles/run.invoker "serviceAccount:$PREFIX-push@$PROJECT.iam.gserviceaccount.com"
on functions "$PREFIX-shop-v2-ship-subscription"
grant roles/run.invoker "serviceAccount:$PREFIX-push@$PROJECT.iam.gserviceaccount.com"
on functions "$PREFIX-shop-v2-static-gate"
grant roles/run.invoker "serviceAccount:$PREFIX-push@$PROJECT.iam.gserviceaccount.com"

# --- Jobs -----------------------------------------------------------------------------------------------------------
job "$PREFIX-Shop-2-paused" 'Not now' PAUSED --schedule='*/10 9-17 * * 1-5' --time-zone=Europe/Berlin \
  --topic="$PREFIX-event~shop.paid" \
  --message-body='{"purista":"slot","schedule":"Shop.2.paused","event":"shop.paid","messageType":"customMessage","sender":{"serviceName":"Shop","serviceVersion":"2","serviceTarget":"paused"},"payload":{"number":"1","customer":"${number} \"quoted\" it'"'"'s $HOME\\n"}}' \
  --max-retry-attempts=5 create:--attributes=edge=event:shop.paid,event=shop.paid,service=Shop,version=2 \
  update:--update-attributes=edge=event:shop.paid,event=shop.paid,service=Shop,version=2
job "$PREFIX-Shop-2-static" Direct ENABLED --schedule='0 2 * * *' --time-zone=UTC \
  --topic="$PREFIX-gate~Shop.2.static" --message-body='{"purista":"slot","schedule":"Shop.2.static"}' \
  --max-retry-attempts=5 create:--attributes=edge=gate:Shop.2.static \
  update:--update-attributes=edge=gate:Shop.2.static

# --- Alerts ---------------------------------------------------------------------------------------------------------
alert "$PREFIX-dead-letter~queue~shop.packing~age" oldest_unacked_message_age 604800 \
  "$PREFIX-dead-letter~queue~shop.packing" \
  'Dead letters of queue:shop.packing are lost when as much time has passed again.'
alert "$PREFIX-dead-letter~queue~shop.packing~depth" num_undelivered_messages 0 \
  "$PREFIX-dead-letter~queue~shop.packing" 'Dead letters of queue:shop.packing wait for somebody.'
alert "$PREFIX-dead-letter~subscription~Shop.2.ship~age" oldest_unacked_message_age 604800 \
  "$PREFIX-dead-letter~subscription~Shop.2.ship" \
  'Dead letters of subscription:Shop.2.ship are lost when as much time has passed again.'
alert "$PREFIX-dead-letter~subscription~Shop.2.ship~depth" num_undelivered_messages 0 \
  "$PREFIX-dead-letter~subscription~Shop.2.ship" 'Dead letters of subscription:Shop.2.ship wait for somebody.'
alert "$PREFIX-dead-letter~schedule~Shop.2.static~age" oldest_unacked_message_age 604800 \
  "$PREFIX-dead-letter~schedule~Shop.2.static" \
  'Dead letters of schedule:Shop.2.static are lost when as much time has passed again.'
alert "$PREFIX-dead-letter~schedule~Shop.2.static~depth" num_undelivered_messages 0 \
  "$PREFIX-dead-letter~schedule~Shop.2.static" 'Dead letters of schedule:Shop.2.static wait for somebody.'

# --- The end --------------------------------------------------------------------------------------------------------
report_left_over
say "$changes changes"
say database="$PREFIX-records"
say event_shop_paid="projects/$PROJECT/topics/$PREFIX-event~shop.paid"
say topic_shop_packing="projects/$PROJECT/topics/$PREFIX-queue~shop.packing"
say url_shop_v2_list="https://$PREFIX-shop-v2-list-$NUMBER.$REGION.run.app"
