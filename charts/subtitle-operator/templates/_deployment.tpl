{{- /*
A component's Deployment. Takes root and component; the component's own file defines
  subtitles.COMPONENT.command, .env, .mounts, .volumes, .sidecars   (lists, or nothing)
Its port serves health and metrics; apiPort, where it is given, the API.
*/ -}}
{{- define "subtitles.deployment" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $values := index $root.Values $component -}}
{{- $of := dict "root" $root "component" $component -}}
{{- $part := printf "subtitles.%s" $component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "subtitles.componentName" $of }}
  namespace: {{ include "subtitles.namespace" $root }}
  labels:
    {{- include "subtitles.labels" $of | nindent 4 }}
spec:
  {{- /* Omitted with an autoscaler: an upgrade would reset it, and server-side apply would conflict. */}}
  {{- if not (or (dig "autoscaling" "enabled" false $values) (dig "keda" "enabled" false $values)) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "subtitles.selector" $of | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "subtitles.labels" $of | nindent 8 }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ $component }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with concat $root.Values.imagePullSecrets $root.Values.global.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "subtitles.serviceAccountName" $of }}
      automountServiceAccountToken: {{ $values.serviceAccount.automount }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      securityContext:
        {{- toYaml $root.Values.podSecurityContext | nindent 8 }}
      {{- include "subtitles.scheduling" $of | trim | nindent 6 }}
      containers:
        - name: {{ $component }}
          {{- $image := mergeOverwrite (deepCopy $root.Values.image) $values.image }}
          image: {{ include "subtitles.image" (dict "root" $root "image" $image) }}
          imagePullPolicy: {{ $image.pullPolicy }}
          command:
            {{- include (printf "%s.command" $part) $root | trim | nindent 12 }}
          {{- with $values.extraArgs }}
          args:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          env:
            - name: RUST_LOG
              value: {{ $root.Values.logLevel | quote }}
            {{- include (printf "%s.env" $part) $root | trim | nindent 12 }}
            {{- with $values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - name: health
              containerPort: {{ .port }}
            {{- with .apiPort }}
            - name: http
              containerPort: {{ . }}
            {{- end }}
          livenessProbe:
            httpGet: {path: /healthz, port: health}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: health}
            periodSeconds: 1
            timeoutSeconds: 5
          securityContext:
            {{- toYaml $root.Values.containerSecurityContext | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- include (printf "%s.mounts" $part) $root | trim | nindent 12 }}
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
        {{- with include (printf "%s.sidecars" $part) $root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- include (printf "%s.volumes" $part) $root | trim | nindent 8 }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{- /* Scheduling of a component's pods; takes root and component. */ -}}
{{- define "subtitles.scheduling" -}}
{{- $values := index .root.Values .component -}}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
  {{- if $values.affinity }}
  {{- toYaml $values.affinity | nindent 2 }}
  {{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "subtitles.selector" . | nindent 14 }}
  {{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $own := dict "labelSelector" (dict "matchLabels" (include "subtitles.selector" $ | fromYaml)) }}
  - {{ toYaml (merge (deepCopy .) $own) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end }}
