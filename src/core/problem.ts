import { fixOfNotFound } from './not-found.ts';

/** One entry of the catalogue of errors: what it is, and what the reader can do. `docs/errors.md` is held against this. */
export interface CatalogueEntry {
  /** HTTP status of the API's answer. */
  readonly http: number;
  /** One sentence; `{name}` is replaced by the detail of that name, so the message names the value seen. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** The catalogue. Codes are part of the API: they are added, never renamed. */
export const CATALOGUE = {
  // webhooks
  signature_missing: {
    http: 401,
    message: 'The delivery has no X-Hub-Signature-256 header.',
    fix: "Set a secret in the webhook on the Git host; it must be one of this server's webhook secrets.",
  },
  signature_wrong: {
    http: 401,
    message: 'The signature of delivery {deliveryId} matches none of the webhook secrets.',
    fix: 'Compare the secret of the webhook on the Git host with SLIPWAY_WEBHOOK_SECRETS of the server.',
  },
  delivery_header_missing: {
    http: 400,
    message: 'The header {header} is missing.',
    fix: 'Send the delivery as the Git host does, with its event and delivery headers.',
  },
  content_type_wrong: {
    http: 415,
    message: 'The content type is {contentType}, not application/json.',
    fix: 'Send it as that; of a webhook, choose "application/json" as content type on the Git host.',
  },
  encoding_wrong: {
    http: 415,
    message: 'The body comes with content encoding {encoding}.',
    fix: 'Send it as it is; a signature covers the bytes that travel, so nothing is unpacked.',
  },
  json_wrong: {
    http: 400,
    message: 'The body is not JSON: {cause}.',
    fix: 'Send one JSON document, as the documentation of the API, or of the Git host, describes it.',
  },
  body_too_large: {
    http: 413,
    message: 'The body is larger than {limit} bytes.',
    fix: 'Send less. Of a webhook: GitHub caps payloads at 25 MB, and nothing larger is read.',
  },
  body_too_slow: {
    http: 408,
    message: 'The body did not arrive within {seconds} seconds.',
    fix: 'Look at the network and the proxies on the way, then deliver it again.',
  },
  receiving_full: {
    http: 503,
    message: 'There is no room for this body beside those that are being received.',
    fix: 'Deliver it again in {seconds} seconds; nothing of it was kept.',
  },
  // api
  request_wrong: {
    http: 400,
    message: '{field}: {cause}.',
    fix: 'Correct the named field and send the request again.',
  },
  query_key_unknown: {
    http: 400,
    message: '{path} does not take {key} in its query: {known}.',
    fix: 'In the query, {help}.',
  },
  inputs_wrong: {
    http: 400,
    message: 'The inputs cannot be taken: {list}.',
    fix: 'Correct each of them; the file is read at the newest commit of the branch.',
  },
  sign_in_needed: {
    http: 401,
    message: 'This needs a signed-in user or a token.',
    fix: 'Sign in with the admin token, or send `Authorization: Bearer <token>`.',
  },
  token_wrong: {
    http: 401,
    message: 'That token lets nobody in.',
    fix: "Use one that was made with `slipway token create`; the first one is in the file admin-token of the server's data folder.",
  },
  not_allowed: {
    http: 403,
    message: 'This token may not do that.',
    fix: 'Use a token with the right for it.',
  },
  too_many_streams: {
    http: 429,
    message: '{count} event streams are open {whose}, as many as may be.',
    fix: 'Close pages that nobody looks at, or try again in {seconds} seconds.',
  },
  mail_server_missing: {
    http: 409,
    message: 'This server has no mail server, so no e-mail can be sent.',
    fix: 'Set SLIPWAY_SMTP_HOST and SLIPWAY_SMTP_FROM (docs/notifications.md) and start the server again, or use a webhook.',
  },
  last_token: {
    http: 409,
    message: 'The token {name} is the last one that lets anybody in.',
    fix: 'Make another one first: `slipway token create <name>`.',
  },
  rate_limited: {
    http: 429,
    message: 'Too many attempts to sign in.',
    fix: 'Wait {seconds} seconds, then try again.',
  },
  origin_wrong: {
    http: 403,
    message: 'The request comes from another origin: {origin}.',
    fix: 'Use the page under the address it was opened with, or set SLIPWAY_URL.',
  },
  not_found: {
    http: 404,
    message: 'There is no {what} {id}.',
    fix: 'Check the name or the id.',
  },
  already_ended: {
    http: 409,
    message: 'The {what} {id} has ended with {status}.',
    fix: 'Re-run it instead.',
  },
  not_ended: {
    http: 409,
    message: 'The {what} {id} has not ended: it is {status}.',
    fix: 'Wait for its end, or cancel it first.',
  },
  nothing_failed: {
    http: 409,
    message:
      'Of build {build} no workflow has failed, so nothing of it runs again alone: it ended with {status}.',
    fix: 'Re-run all of it (`slipway rerun <build>`).',
  },
  image_not_kept: {
    http: 409,
    message: 'The image of workflow {workflow} of build {build} is not there any more: {cause}.',
    fix: 'Re-run all of it (`slipway rerun <build>`), which builds the image again.',
  },
  image_gone: {
    http: 409,
    message: 'The image {name} that this build runs, {digest}, cannot be had: {cause}.',
    fix: 'Re-run the whole build, which takes what the name stands for today; where the registry only did not give it at that moment, re-run what failed. Name images by digest, or keep their tags, where builds are to run again for long.',
  },
  step_not_running: {
    http: 409,
    message: 'The step {step} does not run: it is {status}.',
    fix: 'Only a running step is cancelled alone. To end what has not begun, cancel its build.',
  },
  step_not_alone: {
    http: 409,
    message:
      '{step} is no step of the pipeline file but the {kind} of its workflow, which nothing goes on without.',
    fix: 'Cancel the build instead (`slipway cancel <build>`).',
  },
  worker_too_old: {
    http: 409,
    message: 'The worker {worker} runs a version of Slipway that cannot {what}.',
    fix: 'Upgrade that worker, or cancel the whole build.',
  },
  conflict: {
    http: 409,
    message: '{what} {id} was changed meanwhile.',
    fix: 'Load it again and repeat the change.',
  },
  in_use: {
    http: 409,
    message: 'The {what} {id} is in use by {by}.',
    fix: 'End that first. An environment goes with `slipway environment remove`, or on its page.',
  },
  environment_busy: {
    http: 409,
    message: 'The environment {environment} is being deployed to: deployment {deployment} is {phase}.',
    fix: 'Wait for its end, or cancel it on the page of the environment; then remove the environment.',
  },
  project_removing: {
    http: 409,
    message: 'The project {project} is being removed.',
    fix: 'Nothing: it takes no more builds. Once it is gone, a project for the repository can be added again.',
  },
  environment_removing: {
    http: 409,
    message: 'The environment {environment} is being removed.',
    fix: 'Wait until it is gone, then run the build again. The worker of the router {router} has to be there for that.',
  },
  exists_already: {
    http: 409,
    message: 'There is already a {what} {id}.',
    fix: 'Choose another name or change the existing one.',
  },
  internal: {
    http: 500,
    message: 'Slipway failed inside ({reference}).',
    fix: "Look for the reference in the server's log and report it.",
  },
  artifact_too_large: {
    http: 413,
    message: 'The artifact {name} has {bytes} bytes; this server takes {limit}.',
    fix: 'Name fewer files in `artifacts`, or have the operator set SLIPWAY_ARTIFACT_BYTES.',
  },
  artifact_no_room: {
    http: 507,
    message:
      "The artifact {name} of {bytes} bytes finds no room: {free} bytes of the server's disk are free, and {low} are to stay so.",
    fix: 'Have the operator free space or set SLIPWAY_KEEP_ARTIFACTS_BYTES lower (docs/retention.md), then re-run the build.',
  },
  artifact_gone: {
    http: 404,
    message: 'The artifact {name} is not there to be taken: it has expired, or was removed.',
    fix: 'Re-run the whole build, which makes it anew; write a longer `expire` where it has to wait.',
  },
  split_no_room: {
    http: 413,
    message:
      'The names of the test files of the step {step} find no room: with them, those of the build would have {bytes} bytes of at most {limit}.',
    fix: 'Write patterns in `files` of its `split` that find fewer files, or have fewer combinations of a matrix split it.',
  },
  disk_full: {
    http: 507,
    message: 'The disk that holds {path} is full.',
    fix: 'Free space. Nothing acknowledged is lost: server and worker go on by themselves; run a command again.',
  },
  // workers
  worker_name_wrong: {
    http: 403,
    message: 'The token is of the worker {owner}, and not of one named {name}.',
    fix: 'Set SLIPWAY_WORKER_NAME to {owner}, or make a token for {name}: `slipway worker add {name}`.',
  },
  worker_token_wrong: {
    http: 401,
    message: 'The worker token is not known.',
    fix: 'Join the worker again with a fresh token.',
  },
  worker_running: {
    http: 409,
    message: 'Worker {worker} is running: another process of that name was heard of in the last {seconds} s.',
    fix: 'End that process. Where both should run, make a name and a token for each: `slipway worker add`.',
  },
  worker_superseded: {
    http: 410,
    message: 'Another process has taken over as worker {worker}.',
    fix: 'Nothing: this process ends, and what ran under it. Where both should run, make a name and a token for each: `slipway worker add`.',
  },
  router_refused: {
    http: 403,
    message: 'The token of worker {worker} is not for router {router}.',
    fix: 'Make one that is: `slipway worker add {worker} --router {router}`; or take the router out of the settings of that worker.',
  },
  label_refused: {
    http: 403,
    message: 'The token of worker {worker} is not for the label {label}.',
    fix: 'Make one that is: `slipway worker add {worker} --label {label}`; or take the label out of the settings of that worker.',
  },
  protocol_wrong: {
    http: 426,
    message: 'The worker speaks protocol {version}; this server speaks {supported}.',
    fix: 'Upgrade the {older}, which is the older of the two: their protocols may be one version apart.',
  },
  refusal_unknown: {
    http: 409,
    message: 'The server refuses it with {code}: {cause}.',
    fix: '{fix} This worker is older than its server and does not know that error: upgrade it too.',
  },
  claim_refused: {
    http: 409,
    message: '{subject} cannot be claimed: {cause}.',
    fix: 'Nothing: the worker drops the job; the server places it again if it must run.',
  },
  lease_lost: {
    http: 410,
    message: 'Lease {lease} is over: {cause}.',
    fix: 'Nothing: the worker ends what ran under it. The server decides what comes next.',
  },
  switch_refused: {
    http: 409,
    message: 'Deployment {deployment} may not switch: {cause}.',
    fix: 'Nothing: the deployer reads the signals again and waits or undoes.',
  },
  log_offset_wrong: {
    http: 409,
    message: 'Log {log} goes on at {expected}, not at {offset}.',
    fix: 'Nothing: the worker sends again from the expected offset.',
  },
  log_not_ended: {
    http: 409,
    message:
      'Step attempt {attempt} reported its end before the end of its log ({received} of {expected} bytes).',
    fix: 'Nothing: the worker sends the rest of the log first.',
  },
  // git and projects
  repository_unreachable: {
    http: 502,
    message: 'The repository {url} cannot be read: {cause}.',
    fix: 'Check the address and the token or SSH key: `git ls-remote` with the same one must work.',
  },
  not_replayable: {
    http: 409,
    message: 'Build {id} cannot be replayed: {cause}.',
    fix: 'Replay a build that has ended and whose pipeline file could be read.',
  },
  commit_missing: {
    http: 404,
    message: 'Commit {commit} is not in {url}.',
    fix: 'It was removed by a force push before it could be fetched; push again.',
  },
  include_unreachable: {
    http: 502,
    message: '{name}, which the pipeline files include, could not be read: {cause}.',
    fix: "Try again once that project's Git host answers; the server's log has the cause.",
  },
  git_failed: {
    http: 502,
    message: 'git {command} failed: {cause}.',
    fix: 'Look at the cause; the delivery is processed again when it is replayed.',
  },
  repository_too_slow: {
    http: 504,
    message: 'The repository {url} took longer than {seconds} seconds.',
    fix: 'Check the Git host; the delivery is processed again when it is replayed.',
  },
  plan_kills_server: {
    http: 500,
    message: 'The server ended {times} times while it planned the build.',
    fix: "Look at the server's log of those times, and at the pipeline files of the commit. Mend them, or give the server more memory, then run the build again.",
  },
  delivery_kills_server: {
    http: 500,
    message: 'The server ended {times} times while it took the delivery in.',
    fix: "Look at the server's log of those times, and at the pipeline files of the commit. Mend them, or give the server more memory, then replay the delivery.",
  },
  // the Git host's API
  host_token_wrong: {
    http: 502,
    message: '{host} does not accept {who}: {cause}.',
    fix: 'Give the project a new token with `slipway project connect`; of a GitHub App, SLIPWAY_GITHUB_APP_ID and SLIPWAY_GITHUB_APP_KEY must belong together.',
  },
  host_not_permitted: {
    http: 502,
    message: '{host} answered {status} when {who} was to {what}: {cause}.',
    fix: 'Give it access to the repository with the permission "{permission}".',
  },
  host_refused: {
    http: 502,
    message: '{host} answered {status} when {who} was to {what}: {cause}.',
    fix: 'Correct what the cause names; a commit that a force push removed needs nothing.',
  },
  host_unavailable: {
    http: 503,
    message: '{host} cannot be asked to {what} now: {cause}.',
    fix: 'Nothing: it is asked again by itself. If it lasts, look at the Git host and at the network between.',
  },
  app_not_installed: {
    http: 409,
    message: "The server's GitHub App is not installed on {repository}.",
    fix: 'Install it on the repository, or connect the project with a token of its own: `slipway project connect`.',
  },
  secret_unreadable: {
    http: 500,
    message: 'The secret at {context} cannot be decrypted: {cause}.',
    fix: 'Put the key file back that the server had when the secret was set, or set the secret again.',
  },
  secret_too_short: {
    http: 400,
    message: 'The secret {name} is shorter than 4 bytes.',
    fix: 'Such a value cannot be masked in logs without masking everything. Use a longer one.',
  },
  // images, registry
  registry_failed: {
    http: 502,
    message: 'The registry {host} answered {status} to {request}: {cause}.',
    fix: 'Check that it is up and that the credentials may push; the push is tried again.',
  },
  digest_mismatch: {
    http: 502,
    message: '{what} has digest {seen}, not {expected}.',
    fix: 'Something replaced the image on its way. Nothing was tagged or deployed. Run the build again; if it comes back, look at proxies between here and the registry.',
  },
  // router, deployments
  router_full: {
    http: 507,
    message: 'All {size} backends of the router are in use.',
    fix: 'Raise SLIPWAY_ROUTER_BACKENDS and restart the router in a quiet minute.',
  },
  volume_refused: {
    http: 403,
    message: '{user} mounts {host} of the worker’s host at {path}: {cause}.',
    fix: 'The operator of the worker allows paths by SLIPWAY_HOST_VOLUMES, e.g. {host}:{mode}; `labels` of the file choose a worker that has them. `cache` and volumes with a name need no path of a host.',
  },
  host_taken: {
    http: 409,
    message: 'The host {host} belongs to environment {environment} of {project}.',
    fix: 'Choose another host name.',
  },
  address_exhausted: {
    http: 507,
    message: 'The address range {range} has no free {what}.',
    fix: 'Widen the range in the configuration, or wait until a build ends.',
  },
  nothing_to_roll_back: {
    http: 409,
    message: 'Environment {environment} has no earlier release.',
    fix: 'Deploy twice first.',
  },
  // configuration and parts
  configuration_wrong: {
    http: 500,
    message: '{name}: {cause}.',
    fix: 'Correct the value; config/example.env documents each one.',
  },
  settings_wrong: {
    http: 500,
    message: '{count} wrong:\n{list}',
    fix: 'Correct each named setting; config/example.env documents all of them.',
  },
  address_taken: {
    http: 500,
    message: '{address} {why}.',
    fix: 'Name another address in {setting}, or end what uses this one, and start again.',
  },
  runs_already: {
    http: 500,
    message: 'Slipway runs already in {dir}, as process {pid}.',
    fix: 'End it with `npm stop`. Another one beside it needs SLIPWAY_DATA, SLIPWAY_LISTEN and SLIPWAY_ROUTER_BIND of its own.',
  },
  token_file_wrong: {
    http: 500,
    message: 'The token in {file} lets nobody in.',
    fix: 'Make it an empty file and start again: the server then writes a new admin token into it.',
  },
  engine_missing: {
    http: 500,
    message: 'No Docker engine answers at {host}.',
    fix: 'Start it, or name another one by DOCKER_HOST.',
  },
  part_missing: { http: 500, message: '{part} is not on this machine.', fix: 'Run: {command}' },
  data_folder_wrong: {
    http: 500,
    message: 'The data folder {folder} cannot be used: {cause}.',
    fix: 'Name a folder in SLIPWAY_DATA that the user that Slipway runs as may write to, on a disk that is there and not mounted read-only.',
  },
  certificate_wrong: {
    http: 500,
    message: 'The certificate {file} cannot be used: {cause}.',
    fix: 'Name a certificate chain in PEM, the leaf first, and its private key, both readable by the user that Slipway runs as.',
  },
  certificates_missing: {
    http: 500,
    message: 'The router has no certificate for {bind}: {cause}.',
    fix: 'Put one into {folder}: NAME.pem with chain and key, NAME.crt with NAME.key, or NAME/fullchain.pem with NAME/privkey.pem.',
  },
  authorities_wrong: {
    http: 500,
    message: 'The certificate authorities in {file} cannot be used: {cause}.',
    fix: 'Name a file with certificates in PEM in SLIPWAY_CA_BUNDLE, or leave it out.',
  },
  part_failed: { http: 500, message: '{part} did not start: {cause}.', fix: 'Read its log: {log}' },
  server_running: {
    http: 500,
    message: 'Another server holds the lock of this database ({holder}).',
    fix: 'Stop it first: exactly one server may use a database.',
  },
  database_unusable: {
    http: 500,
    message: 'The database {file} cannot be used: {cause}.',
    fix: 'Let the user that Slipway runs as read and write it and its folder, and end other programs that hold it; one that is damaged is brought back from a backup (`slipway restore`, once it is moved aside).',
  },
  database_refused: {
    http: 503,
    message: 'PostgreSQL at {database} cannot be used: {cause}.',
    fix: '{help} DATABASE_URL, or the file of DATABASE_URL_FILE, names it.',
  },
  database_away: {
    http: 503,
    message: "The server's database does not answer.",
    fix: "Try again in {seconds} seconds. Nothing acknowledged is lost, and builds that run go on; the server's log names the cause.",
  },
  lock_lost: {
    http: 503,
    message: 'Another server has taken over this database.',
    fix: 'Nothing: this one ends. If it was not meant, stop one of the two.',
  },
  schema_newer: {
    http: 500,
    message: 'The database has schema {version}; this program knows up to {known}.',
    fix: 'Start the newer program again, or restore a backup made before the upgrade.',
  },
  // backup and restore
  nothing_to_back_up: {
    http: 500,
    message: 'There is no database of Slipway at {file}.',
    fix: "Run it on the server's machine with the server's settings: SLIPWAY_DATA, DATABASE_URL, SLIPWAY_CONFIG.",
  },
  backup_target_taken: {
    http: 409,
    message: '{target} {why}.',
    fix: 'Name a folder outside the data folder that is not there yet, such as one with the date.',
  },
  backup_failed: {
    http: 500,
    message: 'No backup was made: {cause}.',
    fix: 'Correct what the cause names and run it again; the server was not touched.',
  },
  backup_damaged: {
    http: 500,
    message: 'The backup {source} is not whole: {cause}.',
    fix: 'Take another backup. Nothing was restored.',
  },
  backup_missing: {
    http: 404,
    message: 'There is no backup at {source}: {cause}.',
    fix: 'Name the folder that `slipway backup` made, as a user who may read all in it. Nothing was restored.',
  },
  backup_newer: {
    http: 500,
    message: 'The backup {source} has {what} {version}; this program knows up to {known}.',
    fix: 'Restore it with the program that made it, or a newer one. Nothing was restored.',
  },
  restore_other_database: {
    http: 409,
    message: 'The backup holds {backup}; the settings name {settings}.',
    fix: 'Set DATABASE_URL to an empty PostgreSQL database for a backup of one, and leave it out for a backup of an embedded database.',
  },
  restore_place_taken: {
    http: 409,
    message: '{place} holds {what} already.',
    fix: 'Move it aside, or name an empty place with SLIPWAY_DATA, SLIPWAY_ROUTER_DIR or DATABASE_URL. Nothing is ever restored over something.',
  },
  restore_failed: {
    http: 500,
    message: 'Nothing was restored: {cause}.',
    fix: 'Correct what the cause names and run it again; the backup was only read.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ProblemCode = keyof typeof CATALOGUE;

/** A failure from the catalogue. Thrown low, turned into an answer or a log line once, at the border. */
export class Problem extends Error {
  override readonly name = 'Problem';

  readonly code: ProblemCode;
  readonly details: Readonly<Record<string, string | number>>;

  constructor(
    code: ProblemCode,
    details: Readonly<Record<string, string | number>> = {},
    options?: { cause?: unknown },
  ) {
    super(fill(CATALOGUE[code].message, details), options);
    this.code = code;
    this.details = details;
  }

  get http(): number {
    return CATALOGUE[this.code].http;
  }

  get fix(): string {
    const fix = this.code === 'not_found' ? fixOfNotFound(String(this.details['what'])) : undefined;
    return fill(fix ?? CATALOGUE[this.code].fix, this.details);
  }

  /** The body of the API's answer. */
  toJSON(): {
    error: {
      code: ProblemCode;
      message: string;
      fix: string;
      details: Readonly<Record<string, string | number>>;
    };
  } {
    return { error: { code: this.code, message: this.message, fix: this.fix, details: this.details } };
  }
}

/** A text of the catalogue with its details in it. Pure. */
export function fill(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole));
}
