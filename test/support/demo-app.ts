/** A service of one file that says its version: small enough that an image of it takes no time. */
export function appFiles(version: string, options: { broken?: boolean } = {}): Record<string, string> {
  return {
    Dockerfile: [
      'FROM slipway-test/busybox:1',
      'COPY www /www',
      'COPY check.sh /check.sh',
      'EXPOSE 8080',
      'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]',
      '',
    ].join('\n'),
    'www/index.html': `version ${version}\n`,
    'www/healthz': 'ok\n',
    'check.sh': [
      'set -e',
      'echo "checking version"',
      'grep version /www/index.html',
      ...(options.broken === true ? ['exit 3'] : []),
      '',
    ].join('\n'),
    'slipway.yml': PIPELINE,
  };
}

const PIPELINE = `image:
  dockerfile: Dockerfile

steps:
  - name: unit
    commands: [sh /check.sh]
  - name: serve
    commands:
      - httpd -p 9000 -h /www
      - wget -q -O - http://127.0.0.1:9000/ | grep version

push:
  tags: ["\${CI_COMMIT_SHA}", "\${CI_COMMIT_BRANCH_SLUG}"]
  when: [{ branch: main }]

deploy:
  - environment: production
    when: [{ branch: main }]
    port: 8080
    host: app.example.com
    health: { path: /healthz, passes: 2 }
    smoke: { commands: ["wget -q -O - $SLIPWAY_CANDIDATE_URL/ | grep version"] }
    drain: { requests: 5s, connections: 10s }
    standby: 10m
`;
