{{- /*
A component's permissions: in the whole cluster, or only in the watched namespaces. Takes root and component;
the component's file defines subtitles.COMPONENT.rules.
*/ -}}
{{- define "subtitles.rbac" -}}
{{- $root := .root }}
{{- $of := dict "root" .root "component" .component }}
{{- $rules := include (printf "subtitles.%s.rules" .component) .root }}
{{- if .root.Values.watchNamespaces }}
{{- range .root.Values.watchNamespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "subtitles.clusterName" $of }}
  namespace: {{ . }}
  labels:
    {{- include "subtitles.labels" $of | nindent 4 }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "subtitles.clusterName" $of }}
  namespace: {{ . }}
  labels:
    {{- include "subtitles.labels" $of | nindent 4 }}
{{ include "subtitles.binding" (dict "of" $of "kind" "Role" "name" (include "subtitles.clusterName" $of)) }}
{{- end }}
{{- else }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "subtitles.clusterName" $of }}
  labels:
    {{- include "subtitles.labels" $of | nindent 4 }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "subtitles.clusterName" $of }}
  labels:
    {{- include "subtitles.labels" $of | nindent 4 }}
{{ include "subtitles.binding" (dict "of" $of "kind" "ClusterRole" "name" (include "subtitles.clusterName" $of)) }}
{{- end }}
{{- end }}

{{- /* Role binding; takes of (root and component), kind and name. */ -}}
{{- define "subtitles.binding" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "subtitles.serviceAccountName" .of }}
    namespace: {{ include "subtitles.namespace" .of.root }}
{{- end }}
