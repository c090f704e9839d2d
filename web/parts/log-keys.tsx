import { Fragment } from 'preact';
import { useId } from 'preact/hooks';
import { LOG_KEYS } from '../log/keys.ts';

/** The help that names the keys of a log. */
export function LogKeys() {
  const id = useId();
  return (
    <>
      <button type="button" class="quiet" popovertarget={id}>
        Keys
      </button>
      <div popover="auto" id={id} class="keys" role="dialog" aria-label="Keys of the log">
        <h2>Keys, while the log has the focus</h2>
        <dl class="facts">
          {LOG_KEYS.map(([keys, does]) => (
            <Fragment key={keys}>
              <dt>{keys}</dt>
              <dd>{does}</dd>
            </Fragment>
          ))}
        </dl>
      </div>
    </>
  );
}
