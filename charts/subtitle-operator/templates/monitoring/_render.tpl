{{- /*
Whether to create objects of the Prometheus operator: "yes" or nothing. Takes root and enabled. `helm template` knows no
cluster and would omit them silently, hence the mode.
*/ -}}
{{- define "subtitles.monitoring.isWanted" -}}
{{- $mode := .root.Values.monitoring.renderMode }}
{{- $isKnown := .root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}
{{- if .enabled }}
{{- if and (eq $mode "failIfMissing") (not $isKnown) }}
{{- fail "monitoring needs the Prometheus operator's CRDs (monitoring.coreos.com/v1), which this cluster lacks: install them, or set monitoring.renderMode" }}
{{- end }}
{{- if or $isKnown (eq $mode "alwaysRender") }}yes{{ end }}
{{- end }}
{{- end }}
