import path from 'node:path/posix';
import { contextOfBuild } from './commit-status.ts';
import type { RepositoryEvent } from './event.ts';
import type { Status } from './status.ts';
import { countsText, type TestCounts, type TestStatus } from './test-report.ts';

/** What a Git host shows beside a commit about the tests of one build, and in the files where they failed. */
export interface CommitCheck {
  /** Of several of one commit and name, the Git host shows the one that was made last. */
  readonly name: string;
  /** Our own name for it: one with the same id is the same check. */
  readonly id: string;
  readonly commit: string;
  /** `neutral`: tests failed that the build may go without, or none failed of those that told, and others did not tell. */
  readonly conclusion: 'success' | 'failure' | 'neutral';
  readonly title: string;
  /** Markdown, without any text of tests or users. */
  readonly summary: string;
  /** The page that tells more. */
  readonly detailsUrl: string;
  /** When the build began and ended, epoch ms. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number;
  /** At most {@link MOST_ANNOTATIONS}; the same, in the same order, whenever it is made of the same record. */
  readonly annotations: readonly CheckAnnotation[];
}

/** A test that failed, where it stands. */
export interface CheckAnnotation {
  /** From the repository's root. */
  readonly path: string;
  readonly line: number;
  readonly title: string;
  readonly message: string;
}

/** A test that failed, as the record has it. */
export interface FailedTest {
  readonly suite: string;
  readonly name: string;
  readonly status: TestStatus;
  /** From where the step starts or from its directory, or absolute; null where the report does not tell. */
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string | null;
  /** Folder of the repository in which its step starts. */
  readonly start: string;
  /** The step's own `directory` below that; `.` for none. */
  readonly directory: string;
}

export interface TestedBuild {
  readonly id: string;
  readonly commit: string;
  readonly event: RepositoryEvent['kind'];
  readonly status: Status;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number;
  readonly counts: TestCounts;
  /** Those that failed, or the first of them. */
  readonly failed: readonly FailedTest[];
  /** Whether a step ended without the reports that it should have. */
  readonly isMissing: boolean;
}

/** Of one build; ten requests to GitHub, which takes 50 in one. */
export const MOST_ANNOTATIONS = 500;
const TITLE_CHARACTERS = 255;

/** Each kind of build has a name of its own, as its commit status has a context. */
export function checkNameOf(event: RepositoryEvent['kind']): string {
  return contextOfBuild(event).replace('slipway/build', 'slipway/tests');
}

/** What the Git host is told of a build's tests. Pure. @param detailsUrl Address of the build's page. */
export function checkOfTests(build: TestedBuild, detailsUrl: string): CommitCheck {
  const { id, commit, event, status, startedAtMs, finishedAtMs, counts } = build;
  const all = counts.failed + counts.error;
  const placed = build.failed.flatMap((test) => annotationOf(test) ?? []).slice(0, MOST_ANNOTATIONS);
  const omitted = all - placed.length;
  const doubts = doubtsOf(build);
  const lines = [
    `${countsText(counts)}.`,
    ...doubts,
    ...(omitted > 0
      ? [
          `${omitted} of ${all} failures ${omitted === 1 ? 'is' : 'are'} not shown in the files: ` +
            `at most ${MOST_ANNOTATIONS} are, and those alone that name a file of the repository and a line.`,
        ]
      : []),
    `[The page of the build](${detailsUrl}) has all of them.`,
  ];
  return {
    ...{ name: checkNameOf(event), id, commit, detailsUrl, startedAtMs, finishedAtMs },
    conclusion: conclusionOf(all, status, doubts.length > 0),
    title: countsText(counts),
    summary: lines.join('\n\n'),
    annotations: placed,
  };
}

function conclusionOf(failed: number, status: Status, isDoubtful: boolean): CommitCheck['conclusion'] {
  if (failed > 0) return status === 'success' ? 'neutral' : 'failure';
  return isDoubtful ? 'neutral' : 'success';
}

/** Why there may be more tests than those that are known. */
function doubtsOf({ status, isMissing }: TestedBuild): readonly string[] {
  const end = status === 'error' ? 'ended with an error' : status === 'cancelled' ? 'was cancelled' : null;
  return [
    ...(isMissing ? ['The report of at least one step is missing: the page of the build names it.'] : []),
    ...(end === null ? [] : [`The build ${end}: there may be tests that did not run.`]),
  ];
}

/** Null for a test that names no line of a file of the repository. */
function annotationOf({
  suite,
  name,
  status,
  file,
  line,
  message,
  ...test
}: FailedTest): CheckAnnotation | null {
  if ((status !== 'failed' && status !== 'error') || file === null || line === null || line < 1) return null;
  const inRepository = repositoryPath(test, file);
  if (inRepository === null) return null;
  const title = cut(suite === '' ? name : `${suite} › ${name}`, TITLE_CHARACTERS);
  return { path: inRepository, line, title, message: message?.trim() || 'The report says no more.' };
}

/**
 * Null for what is not below the repository's root. Most name files from where they were started, in the step's directory;
 * what was absolute is named from where the step starts, and so begins with that directory.
 */
function repositoryPath({ start, directory }: Pick<FailedTest, 'start' | 'directory'>, file: string) {
  if (path.isAbsolute(file)) return null;
  const own = path.normalize(directory);
  const joined = path.join(start, file.startsWith(`${own}/`) ? '.' : own, file);
  return joined === '.' || joined === '..' || joined.startsWith('../') ? null : joined;
}

function cut(text: string, most: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}
