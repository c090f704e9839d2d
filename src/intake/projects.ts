import type { InputValues } from '../core/input.ts';
import type { SharingChange } from '../core/project-path.ts';
import type { InputsView } from '../core/views/project-view.ts';
import type { Note } from '../store/store.ts';

/** Makes and changes projects, and starts builds that a person asks for. */
export interface Projects {
  /**
   * Reads the repository first, so that a project that exists can be fetched.
   * @param path Default: the path of the clone address, `shop/web` of `https://host/shop/web.git`.
   * @throws Problem `request_wrong`, `repository_unreachable`, `exists_already`.
   */
  add(
    project: {
      readonly cloneUrl: string;
      readonly path: string | null;
      readonly token: string | null;
    },
    note?: Note,
  ): Promise<{ readonly projectId: string }>;
  /**
   * A token of null is removed.
   * @throws Problem `not_found`, `repository_unreachable`; `request_wrong` for more than `MOST_SHARED` patterns.
   */
  change(
    projectId: string,
    change: {
      readonly defaultBranch?: string | undefined;
      readonly token?: string | null | undefined;
      /** Who may include its files; decided by what is shared when the change is made, so that two at once lose nothing. */
      readonly sharing?: SharingChange | undefined;
    },
    note?: Note,
  ): Promise<void>;
  /**
   * Lets the project's Git host be told of its builds: with a token of the project's own, which is tried first, or, for
   * null, as the server's App, which must be installed on the repository.
   * @throws Problem `not_found`, `request_wrong` for a repository on another Git host, `app_not_installed`, or why the
   * Git host does not take the token.
   */
  connect(projectId: string, token: string | null, note?: Note): Promise<void>;
  /** Forgets token and App. @throws Problem `not_found`. */
  disconnect(projectId: string, note?: Note): Promise<void>;
  /**
   * Removes the project with its builds; from the begin on it takes no new one.
   * @throws Problem `not_found`, `in_use` while something of it runs or is deployed.
   */
  remove(projectId: string, note?: Note): Promise<void>;
  /** Goes on with the removals that a kill has cut short; what goes wrong with one is logged. */
  endRemovals(stopping: AbortSignal): Promise<void>;
  /**
   * What the pipeline files at the newest commit of a branch ask for.
   * @throws Problem `not_found` for project or branch, `repository_unreachable`.
   */
  inputs(projectId: string, branch: string): Promise<InputsView>;
  /**
   * Builds the newest commit of a branch now, with values for what its files ask for.
   * @throws Problem as {@link inputs}; `inputs_wrong`, with all that is wrong.
   */
  runNow(
    projectId: string,
    wanted: { readonly branch: string; readonly inputs: InputValues },
    note?: Note,
  ): Promise<{ readonly buildId: string; readonly number: number }>;
}
