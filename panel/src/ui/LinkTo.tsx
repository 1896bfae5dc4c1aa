import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { forwardRef } from 'react';
import { Link, type LinkProps } from 'react-router-dom';

const useStyles = makeStyles({
  link: {
    color: tokens.colorBrandForegroundLink,
    textDecorationLine: 'underline',
    borderRadius: tokens.borderRadiusSmall,
    ':hover': { color: tokens.colorBrandForegroundLinkHover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '2px' },
  },
});

/** A link within the panel. */
export const LinkTo = forwardRef<HTMLAnchorElement, LinkProps>(function LinkTo({ className, ...rest }, ref) {
  return <Link ref={ref} className={mergeClasses(useStyles().link, className)} {...rest} />;
});
