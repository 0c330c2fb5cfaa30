# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what it sets is for the tests to read
# An OCI registry (docker-registry), with its blobs under $LAB/registry/NAME.

# registry_start [NAME]: plain HTTP, open to all. REGISTRY is then HOST:PORT, as references begin.
# REGISTRY_NOTIFIES, if it is set, is the part "notifications" of its configuration.
registry_start() {
  REGISTRY_NAME=${1:-registry}
  REGISTRY_SECURED=no
  registry_listen
}

# registry_start_secured [NAME]: TLS by an authority of its own (REGISTRY_CA, a file) and basic
# authentication as the user "lab" with the password "lab-password".
registry_start_secured() {
  local folder
  REGISTRY_NAME=${1:-secured}
  REGISTRY_SECURED=yes
  folder=$LAB/registry/$REGISTRY_NAME
  mkdir -p "$folder"
  registry_certificates "$folder"
  # Of the schemes of htpasswd the registry takes bcrypt alone.
  htpasswd -Bbn lab lab-password >"$folder/htpasswd"
  REGISTRY_CA=$folder/ca.crt
  registry_listen
}

registry_listen() {
  lab_listen "$REGISTRY_NAME" registry_configure \
    env OTEL_TRACES_EXPORTER=none docker-registry serve "$LAB/registry/$REGISTRY_NAME/config.yml"
  REGISTRY=127.0.0.1:$LAB_PORT
}

registry_configure() {
  local folder=$LAB/registry/$REGISTRY_NAME
  mkdir -p "$folder/data"
  {
    cat <<C
version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $folder/data }
  delete: { enabled: true }
C
    if [ "$REGISTRY_SECURED" = yes ]; then
      echo "auth: { htpasswd: { realm: lab, path: $folder/htpasswd } }"
    fi
    [ -z "${REGISTRY_NOTIFIES:-}" ] || echo "$REGISTRY_NOTIFIES"
    echo "http:"
    echo "  addr: 127.0.0.1:$1"
    echo "  secret: lab"
    if [ "$REGISTRY_SECURED" = yes ]; then
      echo "  tls: { certificate: $folder/server.crt, key: $folder/server.key }"
    fi
  } >"$folder/config.yml"
}

# An authority and a server certificate by it; clients look at subjectAltName alone.
registry_certificates() {
  local folder=$1 key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  openssl req -x509 "${key[@]}" -days 2 -subj /CN=lab-authority \
    -keyout "$folder/ca.key" -out "$folder/ca.crt" 2>/dev/null
  openssl req "${key[@]}" -subj /CN=localhost -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial \
    -days 2 -out "$folder/server.crt" \
    -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') 2>/dev/null
}

# registry_digest REPOSITORY TAG [REGISTRY]: prints the digest that the registry gives the tag.
registry_digest() {
  curl -fsS -o /dev/null -D - -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://${3:-$REGISTRY}/v2/$1/manifests/$2" | tr -d '\r' | sed -n 's/^docker-content-digest: //ip'
}

# registry_blob DIGEST [NAME]: the path of the file that holds a blob: a test may spoil it.
registry_blob() {
  local hex=${1#sha256:}
  echo "$LAB/registry/${2:-registry}/data/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data"
}
