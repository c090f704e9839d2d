/** How the reason begins of what is cancelled for a newer one of its branch or pull request. */
export const SUPERSEDED = 'superseded';

export const isSuperseded = (reason: string): boolean => reason.startsWith(SUPERSEDED);
