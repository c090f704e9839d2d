/** Why a workflow is to end while its build goes on; see `WorkflowTable`. */
export const workflowCancel: readonly string[] = [`alter table workflow add column cancel_requested text`];
