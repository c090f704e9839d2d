import { expect, it } from 'vitest';
import { stepEnvironment } from '../../../../worker/steps/step-environment.ts';

it("gives the build's variables, then the step's own, with secrets filled in", () => {
  const answer = stepEnvironment(
    { CI: 'true', NAME: 'build' },
    { NAME: 'step', TOKEN: { fromSecret: 'api' } },
    { values: { api: 's3cret' } },
  );
  expect(answer).toMatchObject({
    environment: { CI: 'true', NAME: 'step', TOKEN: 's3cret', CI_WORKSPACE: '/workspace' },
  });
});

it('names the secret that is missing', () => {
  expect(stepEnvironment({}, { TOKEN: { fromSecret: 'api' } }, { values: {} })).toEqual({
    missingSecret: 'api',
  });
});
