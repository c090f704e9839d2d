import { askGitFor } from '../../worker/local/persons-repository.ts';

/** `owner/name` of the repository of GitHub that a folder is a clone of, as its remote `origin` says; null for any other folder. */
export async function githubRepository(folder: string): Promise<string | null> {
  const url = await askGitFor(folder, ['remote', 'get-url', 'origin']).catch(() => null);
  const [, path] =
    /^(?:https?:\/\/(?:[^/@]*@)?|ssh:\/\/git@|git@)github\.com[/:]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/i.exec(
      url ?? '',
    ) ?? [];
  return path ?? null;
}
