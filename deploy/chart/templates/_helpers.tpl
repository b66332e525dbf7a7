{{- define "espace.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "espace.labels" -}}
app.kubernetes.io/name: espace-adherents
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "espace.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* What no container of ours may do. */ -}}
{{- define "espace.contained" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- /* The settings, for portals, workers and jobs. */ -}}
{{- define "espace.settings" -}}
env:
  - name: ADHERENTS_BASE_URL
    value: {{ .Values.baseUrl | quote }}
  - name: ADHERENTS_PROXIES
    value: {{ .Values.proxies | quote }}
  - name: ADHERENTS_DRAWING_URL
    value: unix:///run/espace-adherents-drawing/drawing.sock
  - name: ADHERENTS_DATABASE_URL
    valueFrom: { secretKeyRef: { name: {{ .Values.database.secret }}, key: {{ .Values.database.key }} } }
  {{- if .Values.profile }}
  - name: ADHERENTS_PROFILE
    value: /etc/espace-adherents/profile.toml
  {{- end }}
envFrom:
  - secretRef: { name: {{ .Values.settingsSecret }} }
volumeMounts:
  - { name: data, mountPath: /var/lib/espace-adherents }
  - { name: temporary, mountPath: /tmp }
  - { name: drawing, mountPath: /run/espace-adherents-drawing }
  {{- if .Values.profile }}
  - { name: profile, mountPath: /etc/espace-adherents, readOnly: true }
  {{- end }}
{{- end }}

{{- /* What every pod has. Documents are in the storage: the data folder holds the pages' files, made again at each start. */ -}}
{{- define "espace.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  runAsNonRoot: true
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: data
    emptyDir: { medium: Memory, sizeLimit: 256Mi }
  - name: temporary
    emptyDir: { medium: Memory, sizeLimit: 256Mi }
  - name: drawing
    emptyDir: { medium: Memory, sizeLimit: 1Mi }
  - name: drawing-temporary
    emptyDir: { medium: Memory, sizeLimit: 16Mi }
  {{- if .Values.profile }}
  - name: profile
    configMap: { name: {{ include "espace.name" . }}-profile }
  {{- end }}
{{- end }}

{{- /* The drawing service, beside the container that it draws for: another user, no setting, no key. It begins first and ends last. */ -}}
{{- define "espace.drawing" -}}
initContainers:
  - name: drawing
    image: {{ include "espace.image" . }}
    restartPolicy: Always
    args: [serve_drawing, --bind, "unix:///run/espace-adherents-drawing/drawing.sock", --most, {{ .Values.drawing.most | quote }}]
    securityContext:
      {{- include "espace.contained" . | nindent 6 }}
      runAsUser: 10002
      runAsGroup: 10001
    startupProbe:
      exec:
        command: [python, -c, 'import socket; socket.socket(socket.AF_UNIX).connect("/run/espace-adherents-drawing/drawing.sock")']
      periodSeconds: 2
      failureThreshold: 30
    resources:
      {{- toYaml .Values.drawing.resources | nindent 6 }}
    volumeMounts:
      - { name: drawing, mountPath: /run/espace-adherents-drawing }
      - { name: drawing-temporary, mountPath: /tmp }
{{- end }}
