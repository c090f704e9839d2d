import { changeModules } from '../support/change-modules.ts';
import { isMutant, MUTANTS } from './mutants.ts';

/* Loaded by `--import` before anything of a process of Slipway's: its modules are as `$SLIPWAY_TEST_MUTANT` says. */
const name = process.env['SLIPWAY_TEST_MUTANT'] ?? '';
if (isMutant(name)) changeModules(MUTANTS[name].mutations);
