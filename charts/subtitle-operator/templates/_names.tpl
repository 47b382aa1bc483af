{{- define "subtitles.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Prefix of the names of all objects, truncated so that the longest suffix still fits into 63 characters. */ -}}
{{- define "subtitles.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- else if contains "subtitle" .Release.Name }}
{{- .Release.Name | trunc 44 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-subtitles" (.Release.Name | trunc 34 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{- define "subtitles.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- /* The name of a component's objects; takes root and component. */ -}}
{{- define "subtitles.componentName" -}}
{{- printf "%s-%s" (include "subtitles.fullname" .root) .component }}
{{- end }}

{{- /* The name of a cluster-scoped object; takes root and component. */ -}}
{{- define "subtitles.clusterName" -}}
{{- printf "%s-%s" (include "subtitles.namespace" .root) (include "subtitles.componentName" .) }}
{{- end }}

{{- /* Labels that select a component's pods; never change them, because a Deployment's selector is immutable. */ -}}
{{- define "subtitles.selector" -}}
app.kubernetes.io/name: {{ include "subtitles.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- /* Labels of every object; takes root and optionally component. */ -}}
{{- define "subtitles.labels" -}}
{{ include "subtitles.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: subtitles
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "subtitles.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount }}
{{- if $account.create }}
{{- default (include "subtitles.componentName" .) $account.name }}
{{- else }}
{{- default "default" $account.name }}
{{- end }}
{{- end }}

{{- /* An image reference; takes root and image. */ -}}
{{- define "subtitles.image" -}}
{{- $registry := default .image.registry .root.Values.global.imageRegistry }}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ default .root.Chart.AppVersion .image.tag }}{{ end }}
{{- end }}
