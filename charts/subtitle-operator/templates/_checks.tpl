{{- /* Checks that the schema cannot express: a mistake fails the installation with a message instead of crashing a pod. */ -}}
{{- define "subtitles.checks" -}}
{{- $values := .Values }}
{{- $haveSecrets := and (get $values.rabbitmq.secrets "operator") (get $values.rabbitmq.secrets "downloader") (get $values.rabbitmq.secrets "translator") }}
{{- range $of := list "rabbitmq" "redis" }}
{{- $settings := index $values $of }}
{{- if and $settings.host (not $settings.tls.enabled) (not $settings.insecure) }}
{{- fail (printf "%s.host would be connected to without TLS: set %s.tls.enabled, or %s.insecure to accept that" $of $of $of) }}
{{- end }}
{{- end }}
{{- if and (hasPrefix "http:" $values.store.s3.endpoint) (not $values.store.insecure) }}
{{- fail "store.s3.endpoint would be connected to without TLS: use https, or set store.insecure to accept that" }}
{{- end }}
{{- if not (or $values.rabbitmq.existingSecret $values.rabbitmq.host $haveSecrets) }}
{{- fail "rabbitmq.existingSecret is missing: name a Secret with the complete URL under the key connection_string, or set rabbitmq.host and the Secret with the password" }}
{{- end }}
{{- if and $values.rabbitmq.host (not $values.rabbitmq.existingSecret) (not $haveSecrets) }}
{{- fail "rabbitmq.host is set without rabbitmq.existingSecret: name the Secret with the password" }}
{{- end }}
{{- if and $values.rabbitmq.username (not $values.rabbitmq.host) }}
{{- fail "rabbitmq.username is set without rabbitmq.host: a complete URL contains the user; set rabbitmq.host, or remove the username" }}
{{- end }}
{{- if not (or $values.redis.existingSecret $values.redis.host (get $values.redis.secrets "operator")) }}
{{- fail "redis.existingSecret is missing: name a Secret with the complete URL under the key connection_string, or set redis.host" }}
{{- end }}
{{- if not (or $values.store.url $values.store.existingClaim) }}
{{- fail "store.url is missing: set it to s3://bucket/prefix, or name a PersistentVolumeClaim in store.existingClaim" }}
{{- end }}
{{- if and $values.store.url $values.store.existingClaim }}
{{- fail "store.url and store.existingClaim are both set: keep one of them" }}
{{- end }}
{{- if and $values.store.existingClaim $values.store.existingSecret }}
{{- fail "store.existingSecret is for store.url: a volume has no keys" }}
{{- end }}
{{- $namespace := default (include "subtitles.namespace" .) $values.api.namespace }}
{{- if and $values.watchNamespaces $values.api.enabled (not (has $namespace $values.watchNamespaces)) }}
{{- fail (printf "jobs created over HTTP would go to the namespace '%s', which watchNamespaces does not list: set api.namespace to one that it lists" $namespace) }}
{{- end }}
{{- range $component := list "downloader" "translator" }}
{{- $worker := index $values $component }}
{{- if and $worker.autoscaling.enabled $worker.keda.enabled }}
{{- fail (printf "%s.autoscaling and %s.keda are both enabled: two autoscalers would fight over its replicas; keep one" $component $component) }}
{{- end }}
{{- if and $worker.keda.enabled (not $values.rabbitmq.managementUrl) }}
{{- fail (printf "%s.keda needs rabbitmq.managementUrl, such as http://rabbitmq:15672: over AMQP it would not see tasks in progress, and would kill busy workers" $component) }}
{{- end }}
{{- end }}
{{- $configured := include "subtitles.engines.configured" . | fromJsonArray }}
{{- if not $configured }}
{{- fail "no engine translates: enable apertium, or set firefox.models, libretranslate.url, deepl.existingSecret or openai.url" }}
{{- end }}
{{- range $values.translator.engines }}
{{- if not (has . (append $configured "simulated")) }}
{{- fail (printf "translator.engines names %s, which is not configured; configured: %s" . (join ", " $configured)) }}
{{- end }}
{{- end }}
{{- if and $values.openai.url (not $values.openai.model) }}
{{- fail "openai.model is missing: the name of the model at openai.url" }}
{{- end }}
{{- end }}

{{- /* Names of the configured engines, as a JSON array. */ -}}
{{- define "subtitles.engines.configured" -}}
{{- $engines := list }}
{{- if include "subtitles.firefox.enabled" . }}{{ $engines = append $engines "firefox" }}{{ end }}
{{- if .Values.libretranslate.url }}{{ $engines = append $engines "libretranslate" }}{{ end }}
{{- if .Values.deepl.existingSecret }}{{ $engines = append $engines "deepl" }}{{ end }}
{{- if .Values.openai.url }}{{ $engines = append $engines "openai" }}{{ end }}
{{- if or (include "subtitles.apertium.enabled" .) .Values.apertium.url }}{{ $engines = append $engines "apertium-apy" }}{{ end }}
{{- toJson $engines }}
{{- end }}
