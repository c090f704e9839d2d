import { expect, it } from 'vitest';
import type { BuildSummary } from '../../../src/core/views/build-view.ts';
import type { ProjectView } from '../../../src/core/views/project-view.ts';
import { withLastBuild } from '../../../web/last-build.ts';

const build = (id: string, projectId = 'p', status = 'running') =>
  ({ id, projectId, status }) as BuildSummary;
const project = (lastBuild: BuildSummary | null) => ({ id: 'p', lastBuild }) as ProjectView;

it("is a newer one, or a newer state of it, and no other project's", () => {
  expect(withLastBuild(project(null), build('b')).lastBuild?.id).toBe('b');
  expect(withLastBuild(project(build('b')), build('c')).lastBuild?.id).toBe('c');
  expect(withLastBuild(project(build('b')), build('b', 'p', 'success')).lastBuild?.status).toBe('success');
  expect(withLastBuild(project(build('b')), build('a')).lastBuild?.id).toBe('b');
  expect(withLastBuild(project(build('b')), build('c', 'other')).lastBuild?.id).toBe('b');
});
