import { useCallback, useState } from 'preact/hooks';

/** The log that the address names (`?log=`), so that a link to it, or to a line of it, opens it; null for none. */
export function useChosenLog(): [
  logId: string | null,
  choose: (logId: string | null, hash?: string) => void,
] {
  const [chosen, setChosen] = useState(() => new URLSearchParams(location.search).get('log'));
  const choose = useCallback((logId: string | null, hash = '') => {
    history.replaceState(history.state, '', `${location.pathname}${logSearch(logId)}${hash}`);
    setChosen(logId);
    // An open log of the same id goes to the line; the browser tells only of changes that a person makes.
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  }, []);
  return [chosen, choose];
}

function logSearch(logId: string | null): string {
  return logId === null ? '' : `?log=${encodeURIComponent(logId)}`;
}
