{{- /* Environment and volumes of both workers; takes root and component. */ -}}
{{- define "subtitles.worker.env" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .component -}}
- name: SUBTITLES_METRICS_LISTEN
  value: 0.0.0.0:8081
- name: SUBTITLES_CONCURRENCY
  value: {{ $values.concurrency | quote }}
- name: SUBTITLES_GRACE_SECONDS
  value: {{ sub $values.terminationGracePeriodSeconds 5 | quote }}
- name: SUBTITLES_PUBLIC_URL
  value: {{ include "subtitles.publicUrl" $root }}
{{- with $root.Values.libraryUrl }}
- name: SUBTITLES_LIBRARY_URL
  value: {{ . | quote }}
{{- end }}
{{- with $root.Values.allowPrivateAddresses }}
- name: SUBTITLES_ALLOW_PRIVATE_ADDRESSES
  value: {{ join "," . }}
{{- end }}
{{- with $root.Values.denyAddresses }}
- name: SUBTITLES_DENY_ADDRESSES
  value: {{ join "," . }}
{{- end }}
{{- with $root.Values.allowPorts }}
- name: SUBTITLES_ALLOW_PORTS
  value: {{ join "," . | quote }}
{{- end }}
{{- include "subtitles.libraries.env" $root }}
{{ include "subtitles.broker.env" $root }}
{{ include "subtitles.store.env" $root }}
{{- end }}

{{- define "subtitles.worker.mounts" -}}
{{ include "subtitles.broker.mount" . }}
{{- include "subtitles.store.mount" . }}
{{- include "subtitles.libraries.mount" . }}
{{- end }}

{{- /* Takes root and component. */ -}}
{{- define "subtitles.worker.volumes" -}}
{{ include "subtitles.broker.volume" . }}
{{- include "subtitles.store.volume" . }}
{{- include "subtitles.libraries.volume" .root }}
{{- end }}

{{- define "subtitles.publicUrl" -}}
{{- if .Values.publicUrl }}
{{- .Values.publicUrl }}
{{- else }}
{{- $service := include "subtitles.componentName" (dict "root" . "component" "api") }}
{{- printf "http://%s.%s.svc:%v" $service (include "subtitles.namespace" .) .Values.api.service.port }}
{{- end }}
{{- end }}
