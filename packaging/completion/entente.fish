complete -c entente -f -a '(entente complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
