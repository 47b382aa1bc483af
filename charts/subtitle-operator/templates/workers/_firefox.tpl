{{- /* "true" if translators have models. */ -}}
{{- define "subtitles.firefox.enabled" -}}
{{- with .Values.firefox }}{{ if or .models .existingClaim .import.existingClaim }}true{{ end }}{{ end }}
{{- end }}

{{- /* "true" if Apertium runs as a sidecar. */ -}}
{{- define "subtitles.apertium.enabled" -}}
{{- if kindIs "bool" .Values.apertium.enabled }}
{{- if .Values.apertium.enabled }}true{{ end }}
{{- else if not (include "subtitles.firefox.enabled" .) }}true{{ end }}
{{- end }}

{{- /* Where models are: a claim of their own, or a folder of the store that no namespace can have. */ -}}
{{- define "subtitles.firefox.env" -}}
{{- if include "subtitles.firefox.enabled" . }}
- name: SUBTITLES_MODELS
  {{- if .Values.firefox.existingClaim }}
  value: /models
  {{- else if .Values.store.existingClaim }}
  value: /store/_models
  {{- else }}
  value: {{ trimSuffix "/" .Values.store.url }}/_models
- name: SUBTITLES_MODELS_CACHE
  value: /tmp/models
  {{- if or .Values.store.existingSecret .Values.store.secrets }}
- name: SUBTITLES_MODELS_SECRET
  value: /etc/subtitles/store
  {{- end }}
  {{- end }}
- name: SUBTITLES_MODELS_MEMORY
  value: {{ int64 .Values.firefox.memory | quote }}
{{- end }}
{{- end }}

{{- define "subtitles.firefox.mount" -}}
{{- if .Values.firefox.existingClaim }}
- name: models
  mountPath: /models
{{- end }}
{{- end }}
{{- define "subtitles.firefox.volume" -}}
{{- with .Values.firefox.existingClaim }}
- name: models
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- end }}
