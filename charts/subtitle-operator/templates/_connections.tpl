{{- /*
Broker, Redis, store and libraries: a pod's volumes and environment variables for them. Secrets are mounted as files,
never passed as environment variables: files change with the Secret, and the programs read them again.
*/ -}}

{{- /* The Secret of a component: its own or the shared one. Takes settings and component. */ -}}
{{- define "subtitles.connection.secret" -}}
{{- default .settings.existingSecret (get .settings.secrets .component) }}
{{- end }}

{{- /* Takes root, component and of: rabbitmq or redis. One folder with a whole Secret, or with the password and the other
parts. */ -}}
{{- define "subtitles.connection.sources" -}}
{{- $settings := index .root.Values .of }}
{{- $secret := include "subtitles.connection.secret" (dict "settings" $settings "component" .component) }}
{{- if $settings.host }}
- configMap:
    name: {{ include "subtitles.componentName" (dict "root" .root "component" .of) }}
{{- with $secret }}
- secret:
    name: {{ . }}
    items:
      - key: {{ $settings.passwordKey }}
        path: password
      {{- if and (not $settings.username) $settings.usernameKey }}
      - key: {{ $settings.usernameKey }}
        path: username
      {{- end }}
{{- end }}
{{- else }}
- secret:
    name: {{ $secret }}
{{- end }}
{{- with $settings.tls.caSecret }}
- secret:
    name: {{ . }}
    items:
      - key: {{ $settings.tls.caKey }}
        path: ca.crt
{{- end }}
{{- end }}

{{- define "subtitles.broker.env" -}}
- name: SUBTITLES_BROKER_SECRET
  value: /etc/subtitles/broker
- name: SUBTITLES_BROKER_SECRET_KEY
  value: {{ .Values.rabbitmq.key }}
- name: SUBTITLES_BROKER_REQUIRE_TLS
  value: {{ not .Values.rabbitmq.insecure | quote }}
{{- end }}
{{- define "subtitles.broker.mount" -}}
- name: broker
  mountPath: /etc/subtitles/broker
  readOnly: true
{{- end }}
{{- define "subtitles.broker.volume" -}}
- name: broker
  projected:
    sources:
      {{- include "subtitles.connection.sources" (dict "root" .root "component" .component "of" "rabbitmq") | trim | nindent 6 }}
{{- end }}

{{- define "subtitles.redis.env" -}}
- name: SUBTITLES_REDIS_SECRET
  value: /etc/subtitles/redis
- name: SUBTITLES_REDIS_SECRET_KEY
  value: {{ .Values.redis.key }}
- name: SUBTITLES_REDIS_REQUIRE_TLS
  value: {{ not .Values.redis.insecure | quote }}
- name: SUBTITLES_HISTORY_TTL
  value: {{ .Values.redis.historyTtl }}
{{- end }}
{{- define "subtitles.redis.mount" -}}
- name: redis
  mountPath: /etc/subtitles/redis
  readOnly: true
{{- end }}
{{- define "subtitles.redis.volume" -}}
- name: redis
  projected:
    sources:
      {{- include "subtitles.connection.sources" (dict "root" .root "component" .component "of" "redis") | trim | nindent 6 }}
{{- end }}

{{- define "subtitles.store.env" -}}
- name: SUBTITLES_STORE_URL
  value: {{ default "file:///store" .Values.store.url }}
{{- if or .Values.store.existingSecret .Values.store.secrets }}
- name: SUBTITLES_STORE_SECRET
  value: /etc/subtitles/store
{{- end }}
{{- with .Values.store.s3.region }}
- name: AWS_REGION
  value: {{ . }}
{{- end }}
{{- with .Values.store.s3.endpoint }}
- name: AWS_ENDPOINT
  value: {{ . }}
{{- end }}
{{- end }}
{{- define "subtitles.store.mount" -}}
{{- if .Values.store.existingClaim }}
- name: store
  mountPath: /store
{{- else if or .Values.store.existingSecret .Values.store.secrets }}
- name: store
  mountPath: /etc/subtitles/store
  readOnly: true
{{- end }}
{{- end }}
{{- define "subtitles.store.volume" -}}
{{- $store := .root.Values.store }}
{{- if $store.existingClaim }}
- name: store
  persistentVolumeClaim:
    claimName: {{ $store.existingClaim }}
{{- else if or $store.existingSecret $store.secrets }}
- name: store
  secret:
    secretName: {{ include "subtitles.connection.secret" (dict "settings" $store "component" .component) }}
{{- end }}
{{- end }}

{{- /* Which namespaces may use which library, as a JSON list. */ -}}
{{- define "subtitles.libraries.rules" -}}
{{- $rules := list }}
{{- range .Values.libraries }}
{{- $rules = append $rules (dict "name" .name "read" .read "write" (default list .write) "subPaths" (default dict .subPaths)) }}
{{- end }}
{{- toJson $rules }}
{{- end }}
{{- define "subtitles.libraries.env" }}
- name: SUBTITLES_LIBRARY_RULES
  value: {{ include "subtitles.libraries.rules" . | quote }}
{{- $places := list }}
{{- range .Values.libraries }}
{{- $places = append $places (printf "%s=/libraries/%s" .name .name) }}
{{- end }}
{{- with $places }}
- name: SUBTITLES_LIBRARIES
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- define "subtitles.libraries.mount" -}}
{{- range .Values.libraries }}
- name: library-{{ .name }}
  mountPath: /libraries/{{ .name }}
  readOnly: {{ default false .readOnly }}
  {{- with .subPath }}
  subPath: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- define "subtitles.libraries.volume" -}}
{{- range .Values.libraries }}
- name: library-{{ .name }}
  {{- if .existingClaim }}
  persistentVolumeClaim:
    claimName: {{ .existingClaim }}
  {{- else if .hostPath }}
  hostPath:
    path: {{ .hostPath }}
    type: Directory
  {{- else if .nfs }}
  nfs:
    {{- toYaml .nfs | nindent 4 }}
  {{- else }}
  {{- toYaml .volume | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
