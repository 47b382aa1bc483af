{{- /*
Whether objects of the Prometheus operator are to be made: "yes" or nothing. Takes root, and enabled. What is left out
silently is never seen by who uses `helm template`, hence the mode.
*/ -}}
{{- define "subtitles.monitoring.isWanted" -}}
{{- $mode := .root.Values.monitoring.renderMode }}
{{- $isKnown := .root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}
{{- if .enabled }}
{{- if and (eq $mode "failIfMissing") (not $isKnown) }}
{{- fail "monitoring wants kinds of the Prometheus operator (monitoring.coreos.com/v1), which this cluster does not know: install its CRDs, or set monitoring.renderMode" }}
{{- end }}
{{- if or $isKnown (eq $mode "alwaysRender") }}yes{{ end }}
{{- end }}
{{- end }}
