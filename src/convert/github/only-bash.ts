/** Begins of commands, at which a word is the name of one. */
const COMMAND = String.raw`(?:^|[;&|({]|\b(?:then|do|else)[ \t])[ \t]*`;

/** What bash knows and `sh` may not: one that is found in vain costs nothing, bash runs what `sh` does. */
const ONLY_BASH = new RegExp(
  [
    // [[ a ]], (( a )), [ a == b ]
    String.raw`(?:^|[\s;&|(!])(?:\[\[|\(\()\s?(?!:)`,
    String.raw`\[[ \t][^\]\n]{0,200}==`,
    // <(a), >(a), <<< a, &> a, a |& b
    String.raw`(?:^|\s)[<>]\(|<<<|&>|\|&`,
    // a=(b), a+=b, ${a[0]}, ${!a}, ${a/b}, ${a^}, ${a,}, ${a:1}, ${a::1}, a[0]=b
    String.raw`(?:^|[\s;])\w+(?:=\(|\+=|\[\w+\]=)|\$\{[!#]?\w+\[|\$\{!\w|\$\{\w+(?:[/^,]|:[ :\d$(])`,
    // $'a', {1..3}, {a,b}
    String.raw`(?:^|[\s=(])\$'|\{\w+\.\.\w+\}|[\s\w./]\{[\w./*-]*(?:,[\w./*-]*)+\}`,
    String.raw`\bpipefail\b|/dev/(?:tcp|udp)/|\$\{?(?:RANDOM|SECONDS|OSTYPE|HOSTNAME|E?UID|PIPESTATUS|FUNCNAME|BASH\w*)\b`,
    `${COMMAND}(?:source|declare|typeset|mapfile|readarray|shopt|pushd|popd|let|select|function|disown)(?:[ \\t]|$)`,
    String.raw`${COMMAND}(?:echo[ \t]+-\w*[eE]|read[ \t]+-\w*[adnpt]|export[ \t]+-f|printf[ \t]+-v|printf[ \t][^\n]{0,200}%q|test[ \t][^\n]{0,200}[ \t]==[ \t]|trap[ \t][^\n]{0,200}\b(?:ERR|DEBUG|RETURN)\b)`,
  ].join('|'),
  'm',
);

/**
 * Whether a script needs bash. GitHub runs one without a `shell` by `bash -e`, or by `sh -e` where there is no bash
 * (GitHub, "Workflow syntax", `jobs.<job_id>.steps[*].shell`), as in the small images that are named so.
 */
export function needsBash(script: string, image: string): boolean {
  return ONLY_BASH.test(script) && !/alpine|busybox/.test(image);
}
