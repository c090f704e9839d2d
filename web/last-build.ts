import type { BuildSummary } from '../src/core/views/build-view.ts';
import type { ProjectView } from '../src/core/views/project-view.ts';

/** The project with `build` as its last one, unless it is another project's or an older one. Ids are ordered by time. */
export function withLastBuild(project: ProjectView, build: BuildSummary): ProjectView {
  if (project.id !== build.projectId || (project.lastBuild !== null && project.lastBuild.id > build.id))
    return project;
  return { ...project, lastBuild: build };
}
