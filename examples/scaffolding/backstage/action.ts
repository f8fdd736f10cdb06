// Registered in the backend, and used in a template as `action: dockgen:init`.
import { createTemplateAction, executeShellCommand } from '@backstage/plugin-scaffolder-node';

export const dockgenInit = createTemplateAction({
  id: 'dockgen:init',
  description: 'Writes the Dockerfile of the generated project',
  schema: { input: { path: z => z.string().optional() } },
  async handler(ctx) {
    await executeShellCommand({
      command: 'dockgen',
      args: ['init', '--yes', '--if-detected', ctx.input.path ?? '.'],
      options: { cwd: ctx.workspacePath },
      logger: ctx.logger,
    });
  },
});
